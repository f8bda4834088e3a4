"""confkeep.files.listing: the regular files below a root, in the order of their paths."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.errors import NotFound
from confkeep.files.leftovers import temporary_name
from confkeep.files.listing import Entry, entries
from confkeep.files.root import Root
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


def paths(directory: Path, prefix: str = "", after: str = "") -> list[str]:
    """The listed paths."""
    return [entry.path for entry in entries(Root("config", os.fspath(directory)), prefix, after)]


def make(directory: Path, *names: str) -> None:
    """Make files, with the directories that they need."""
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()


def test_files_are_listed_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """As sorted() has them: a directory's name counts with its slash."""
    make(tmp_path, "a/b", "a.yaml", "a-b", "a/a/z", "b", "a0", "Z")
    assert paths(tmp_path) == ["Z", "a-b", "a.yaml", "a/a/z", "a/b", "a0", "b"]


def test_what_is_said_of_a_file(tmp_path: Path) -> None:
    """Path below the root, size, time of the last change."""
    (tmp_path / "a.yaml").write_bytes(b"123")
    os.utime(tmp_path / "a.yaml", ns=(1, 2_000_000_001))
    (entry,) = entries(Root("config", os.fspath(tmp_path)))
    assert entry == Entry("a.yaml", 3, 2_000_000_001)


def test_only_regular_files(tmp_path: Path) -> None:
    """No directories, FIFOs, dangling links or temporary files of our own; links to files as what they lead to."""
    make(tmp_path, "a", temporary_name())
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "dangling").symlink_to("missing")
    (tmp_path / "link").symlink_to("a")
    assert paths(tmp_path) == ["a", "link"]


def test_a_loop_of_directories_ends(tmp_path: Path) -> None:
    """Links to directories are not entered."""
    make(tmp_path, "sub/a")
    (tmp_path / "sub/loop").symlink_to("..")
    assert paths(tmp_path) == ["sub/a"]


def test_a_link_out_of_the_root_tells_nothing(tmp_path: Path) -> None:
    """Neither the size nor the time of what it leads to."""
    make(tmp_path, "root/a", "secret")
    (tmp_path / "root/leak").symlink_to(tmp_path / "secret")
    assert paths(tmp_path / "root") == ["a"]


def test_a_root_may_be_named_by_a_link(tmp_path: Path) -> None:
    """The settings mean what it leads to."""
    make(tmp_path, "real/a")
    (tmp_path / "root").symlink_to("real")
    assert paths(tmp_path / "root") == ["a"]


def test_a_single_file_is_its_own_listing(tmp_path: Path) -> None:
    """Under its one address."""
    make(tmp_path, "a.yaml")
    assert paths(tmp_path / "a.yaml") == ["a.yaml"]
    assert paths(tmp_path / "a.yaml", prefix="a") == ["a.yaml"]
    assert paths(tmp_path / "a.yaml", prefix="b") == []
    assert paths(tmp_path / "a.yaml", after="a.yaml") == []


def test_a_missing_root_is_not_found(tmp_path: Path) -> None:
    """It may be mounted later."""
    with pytest.raises(NotFound):
        paths(tmp_path / "missing")


def test_a_closed_directory_is_passed_over(public: Path, as_user: AsUser) -> None:
    """What this user may not enter does not hide the rest."""
    make(public, "a", "closed/b", "z")
    (public / "closed").chmod(0o700)
    assert as_user(STRANGER, lambda: paths(public)) == ["a", "z"]
    assert paths(public) == ["a", "closed/b", "z"]


def test_a_part_of_the_listing_leaves_no_descriptor(tmp_path: Path) -> None:
    """Who stops in the middle holds nothing open."""
    make(tmp_path, "a/b/c", "d")
    before = os.listdir("/proc/self/fd")
    listing = entries(Root("config", os.fspath(tmp_path)))
    assert next(listing).path == "a/b/c"
    listing.close()  # type: ignore[attr-defined] # it is a generator
    assert os.listdir("/proc/self/fd") == before


_NAME = st.sampled_from(["a", "b", "a.b", "a-b", "a0", "B", "ü", "a b"])
_TREE = st.sets(st.lists(_NAME, min_size=1, max_size=3).map("/".join), max_size=12)
_CUT = st.one_of(st.just(""), st.lists(_NAME, min_size=1, max_size=3).map("/".join), st.just("a/"), st.just("a."))


@given(tree=_TREE, prefix=_CUT, after=_CUT)
@settings(max_examples=200, deadline=None)
def test_any_page_is_a_part_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, tree: set[str], prefix: str, after: str
) -> None:
    """For any tree, prefix and start: exactly the files of the whole that begin with one and come after the other."""
    root = tmp_path_factory.mktemp("tree")
    files: set[str] = set()
    for path in sorted(tree):
        if not any(os.path.isfile(root / part) for part in _parents(path)):
            make(root, path)
            files.add(path)
    assert paths(root) == sorted(files)
    assert paths(root, prefix, after) == [path for path in sorted(files) if path.startswith(prefix) and path > after]
    shutil.rmtree(root)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
