"""Links: symbolic ones are followed below their root and kept, hard ones stay together; over both routes.

Where a path may lead at all is in tests/files/test_place.py; here is what a save through it does.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import ConfkeepError, OutsideRoot
from confkeep.expect import ABSENT, ANYTHING
from confkeep.files.root import Root, RoutePolicy
from confkeep.keeper import Keeper, Request
from tests.conformance.traces import revisions_of_all, traces
from tests.support.saving import NAME, NEW, OLD, Bench, bench, recorded, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Filesystem
    from tests.support.mounting import Mounts


@pytest.mark.parametrize(
    "text", ["../secret.yaml", "/etc/hostname", "below/../../secret.yaml", "../config/../secret.yaml"]
)
def test_a_link_that_leads_out_is_refused(keeper: Keeper, one: Bench, text: str) -> None:
    """Neither the file outside nor the link is touched; a path that goes through it is refused as well."""
    outside = one.directory.parent
    (outside / "secret.yaml").write_bytes(b"secret: 1\n")
    (one.directory / "below").mkdir()
    (one.directory / "link.yaml").symlink_to(text)
    before = traces(outside)
    for expect in (ANYTHING, ABSENT):
        with pytest.raises(OutsideRoot) as caught:
            keeper.save(one.root, "link.yaml", Request(NEW, expect))
        assert (caught.value.members["rule"], bool(caught.value.remedy)) == ("MNT024", True)
    with pytest.raises(OutsideRoot):
        keeper.read(one.root, "link.yaml")
    assert traces(outside) == before
    assert revisions_of_all(keeper) == 0
    (one.directory / "link.yaml").unlink()
    (one.directory / "link.yaml").symlink_to(NAME)
    assert keeper.save(one.root, "link.yaml", Request(NEW, ANYTHING)).path == os.fspath(one.path)


def test_a_link_that_leads_nowhere_near_creates_nothing(keeper: Keeper, one: Bench) -> None:
    """Dangling out of the root, in a directory that is missing, in a loop: each is refused, nothing is made."""
    links = {"out": "../new.yaml", "far": "/nonexistent/new.yaml", "missing": "missing/new.yaml", "loop": "loop"}
    for name, text in links.items():
        (one.directory / name).symlink_to(text)
    before = traces(one.directory.parent)
    slugs: dict[str, str] = {}
    for name in links:
        with pytest.raises(ConfkeepError) as caught:
            keeper.save(one.root, name, Request(NEW, ABSENT))
        slugs[name] = caught.value.slug
    assert slugs == {"out": "outside-root", "far": "outside-root", "missing": "not-found", "loop": "not-found"}
    assert traces(one.directory.parent) == before


def test_a_chain_of_links_may_cross_directories(keeper: Keeper, one: Bench, route: str) -> None:
    """Links to directories, to links, absolute and relative: the last name of them is the one that is saved."""
    (one.directory / "d/e").mkdir(parents=True)
    (one.directory / "short").symlink_to("d/e")
    (one.directory / "d/e/up.yaml").symlink_to("../../absolute.yaml")
    (one.directory / "absolute.yaml").symlink_to(one.path)
    names = one.names()
    saved = keeper.save(one.root, "short/up.yaml", Request(NEW, ANYTHING))
    assert (saved.path, saved.route.name) == (os.fspath(one.path), route)
    assert one.path.read_bytes() == NEW
    assert one.names() == names
    assert os.listdir(one.directory / "d/e") == ["up.yaml"]


@pytest.mark.parametrize("count", [2, 3, 20])
def test_all_hard_links_see_it(on: str, count: int, filesystem: Filesystem, state: Path) -> None:
    """Also those in other directories and outside of the root; saving by any of the names is saving by all."""
    one = bench(filesystem(on) / "config", state)
    outside = one.directory.parent / "outside"
    outside.mkdir()
    names = [one.path, *(outside / str(number) for number in range(1, count))]
    for name in names[1:]:
        name.hardlink_to(one.path)
    with one.keeper() as keeper:
        saved = save(keeper, one)
        assert (saved.route.name, saved.route.code) == ("overwrite", "several-links")
        assert saved.guarantees.inode_kept
        assert f"{count} hard links" in saved.route.reason
        assert {name.read_bytes() for name in names} == {NEW}
        assert {name.stat().st_nlink for name in names} == {count}
        elsewhere = Root("outside", os.fspath(outside))
        keeper.save(elsewhere, "1", Request(b"by: another name\n", ANYTHING))
        assert {name.read_bytes() for name in names} == {b"by: another name\n"}
        for name in names[1:]:
            name.unlink()
        assert save(keeper, one, OLD).route.code == "ordinary-file"


@pytest.mark.parametrize("policy", ["auto", "overwrite"])
def test_a_file_of_a_lower_layer(
    mounts: Mounts, public: Path, filesystem: Filesystem, state: Path, policy: str
) -> None:
    """An image's file that was never written in the container: it is copied up, whole, and the image is not changed."""
    layers = filesystem("ext4")
    lower = bench(layers / "lower/config", state).path
    lower.chmod(0o640)
    os.setxattr(lower, "user.note", b"1")
    directory = mounts.overlay(public / "merged", layers) / "config"
    root = Root("config", os.fspath(directory), route=RoutePolicy(policy))
    one = Bench(directory, state, root)
    with one.keeper() as keeper:
        saved = save(keeper, one)
        assert saved.route.code == ("ordinary-file" if policy == "auto" else "set-by-root")
        assert recorded(keeper, one)[-1][1] == NEW
        assert saved.guarantees.metadata_kept
    assert (one.path.read_bytes(), lower.read_bytes()) == (NEW, OLD)
    assert (one.path.stat().st_mode & 0o7777, os.getxattr(one.path, "user.note")) == (0o640, b"1")
    assert one.names() == [NAME]
