"""Other processes' mounts out of /proc, of real processes in mount namespaces of their own."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from confkeep.layout.diagnosis import Source
from confkeep.layout.processes import own_view, processes
from tests.layout.boxes import box

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.layout.model import Container
    from tests.support.fixtures import AsUser
    from tests.support.mounting import Mounts

IDENT = "c0ffee" * 10 + "beef"


@pytest.fixture
def bound(mounts: Mounts, public: Path) -> tuple[Path, Path]:
    """A file, and where a box mounts it."""
    source, point = public / "a.yaml", public / "seen.yaml"
    source.write_text("a: 1\n")
    point.touch()
    return source, point


def _of(pid: int) -> Container | None:
    return next((one for one in processes(own_view()).found if one.pid == pid), None)


def test_a_container_is_known_by_its_id(bound: tuple[Path, Path], public: Path) -> None:
    """Mountinfo tells the engine's directory that its /etc/hosts comes from."""
    with box(public, bound, ident=IDENT) as pid:
        found = _of(pid)
    assert found is not None
    assert (found.id, found.name, found.contained) == (IDENT, IDENT[:12], True)
    assert [mount.mount_point for mount in found.table or ()][-2:] == [str(bound[1]), "/etc/hosts"]
    assert found.credentials is not None
    assert found.uid_map is not None


def test_one_process_of_each_namespace_is_enough(bound: tuple[Path, Path], public: Path) -> None:
    """The box has two; the first is the one that the other comes from."""
    with box(public, bound, ident=IDENT) as pid:
        assert [one.pid for one in processes(own_view()).found if one.id == IDENT] == [pid]


def test_a_process_without_a_container_brings_only_what_differs(bound: tuple[Path, Path], public: Path) -> None:
    """Systemd makes many: the rest of their mounts are ours."""
    with box(public, bound) as pid:
        found = _of(pid)
    assert found is not None
    assert (found.name, found.contained) == (f"pid {pid}", False)
    assert [mount.mount_point for mount in found.table or ()] == [str(bound[1])]


def test_processes_in_our_own_namespace_are_not_others(tmp_path: Path) -> None:
    """They see what we see."""
    with subprocess.Popen(("sleep", "1000")) as ours:
        try:
            assert _of(ours.pid) is None
        finally:
            ours.terminate()


def test_no_privilege_is_needed(bound: tuple[Path, Path], public: Path, as_user: AsUser) -> None:
    """Mounts of other users' processes may be read by everybody."""
    with box(public, bound, ident=IDENT):
        found = as_user(65533, lambda: [(one.id, one.pid) for one in processes(own_view()).found])
    assert [ident for ident, _ in found].count(IDENT) == 1
    assert os.getpid() not in [pid for _, pid in found]


def test_without_others_the_reason_is_told(tmp_path: Path) -> None:
    """In a container that does not share the host's processes only our own are to be seen."""
    own = tmp_path / "self"
    own.mkdir()
    (own / "mountinfo").write_text("10 1 0:50 / / rw - overlay overlay rw,lowerdir=/x\n")
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "mountinfo").write_text("10 1 0:50 / / rw - overlay overlay rw,lowerdir=/x\n")
    view = own_view(str(tmp_path))
    seen = processes(view, str(tmp_path))
    assert view.contained
    assert (seen.found, seen.host_table) == ((), None)
    assert "pid: host" in seen.state


def test_a_process_that_ends_meanwhile_is_left_out(tmp_path: Path) -> None:
    """Its directory is there, and its files cannot be read any more."""
    (tmp_path / "4711").mkdir()
    (tmp_path / "self").mkdir()
    seen = processes(own_view(str(tmp_path)), str(tmp_path))
    assert seen.found == ()


def test_without_a_proc_our_own_view_says_so(tmp_path: Path) -> None:
    """A minimal container may have none."""
    assert own_view(str(tmp_path)).missing.keys() == {Source.SELF}


def test_our_own_view_is_that_of_this_process() -> None:
    """As whom we write, and what we have mounted."""
    own = own_view()
    assert own.credentials is not None
    assert (own.name, own.credentials.uid) == ("", os.geteuid())
    assert own.table
