"""A full disk, from the request to the answer."""

import os
from pathlib import Path

import pytest

from tests.daemon.fixtures import Serve
from tests.daemon.looking import problem, tree
from tests.support.fixtures import Small
from tests.support.mounting import fill

OLD = b"old: content\n" * 100
NEW = b"new: content, and more of it\n" * 30_000  # larger than what is left


@pytest.fixture
def full(small: Small) -> Path:
    """A filesystem of 8 MB without room: `single` has one name, `linked` has two."""
    mount = small("ext4", 8)
    config = mount / "config"
    config.mkdir()
    for name in ("single.yaml", "linked.yaml"):
        (config / name).write_bytes(OLD)
    (mount / "link").hardlink_to(config / "linked.yaml")
    fill(mount, 4096)
    return config


@pytest.mark.parametrize("name", ["linked.yaml", "single.yaml"])
def test_growing_save(name: str, full: Path, serve: Serve) -> None:
    """507 on both routes: the old content and its blocks are as they were, nothing is left beside it or promised."""
    daemon = serve("--root", f"ha={full}")
    before, blocks, free = tree(full), (full / name).stat().st_blocks, os.statvfs(full).f_bavail
    members = problem(daemon.put(f"ha/{name}", NEW), 507, "out-of-space")
    assert "the old content is intact" in members["detail"]
    assert str(full / name) in members["detail"]
    assert tree(full) == before
    assert ((full / name).stat().st_blocks, os.statvfs(full).f_bavail) == (blocks, free)
    assert daemon.open_intents() == 0
    assert daemon.get(f"ha/{name}").body == OLD


def test_shrinking_save_needs_no_room(full: Path, serve: Serve) -> None:
    """What is written in place and does not grow is saved all the same."""
    daemon = serve("--root", f"ha={full}")
    answer = daemon.put("ha/linked.yaml", b"small: true\n")
    assert (answer.status, answer.json["route"]["name"]) == (200, "overwrite")
    assert (full / "linked.yaml").read_bytes() == b"small: true\n"


def test_same_save_succeeds_when_there_is_room_again(full: Path, serve: Serve) -> None:
    """A refusal is not remembered."""
    daemon = serve("--root", f"ha={full}")
    assert daemon.put("ha/linked.yaml", NEW).status == 507
    (full.parent / "ballast").unlink()
    assert daemon.put("ha/linked.yaml", NEW).status == 200
    assert (full / "linked.yaml").read_bytes() == (full.parent / "link").read_bytes() == NEW


def test_full_state_directory(small: Small, disk: Path, serve: Serve) -> None:
    """Where the journal cannot grow, nothing is written: 507 names the state directory; reading goes on."""
    state = small("ext4", 8)
    (disk / "config").mkdir()
    for name in ("single.yaml", "linked.yaml"):
        (disk / "config" / name).write_bytes(OLD)
    (disk / "link").hardlink_to(disk / "config" / "linked.yaml")
    daemon = serve("--root", f"ha={disk}/config", state=state / "state")
    fill(state)
    before = tree(disk / "config")
    for name in ("linked.yaml", "single.yaml"):
        members = problem(daemon.put(f"ha/{name}", NEW), 507, "out-of-space")
        assert str(state / "state") in members["detail"]
        assert daemon.get(f"ha/{name}").body == OLD
    assert tree(disk / "config") == before
    (state / "ballast").unlink()
    assert daemon.put("ha/linked.yaml", NEW).status == 200
