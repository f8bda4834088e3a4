"""What inotify tells of a file that is mounted, and what it does not: the design of watching rests on this."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pytest
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.polling import PollingObserver

from tests.support.mounting import run
from tests.support.passthrough import passthrough
from tests.watching.inotify import ATTRIB, CLOSE_WRITE, CREATE, MODIFY, MOVE_SELF, inotify
from tests.watching.world import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from watchdog.observers.api import BaseObserver

    from tests.support.layouts import Ground
    from tests.support.mounting import Mounts


class Bound(NamedTuple):
    """One file bound twice, as by two containers."""

    source: Path
    shown: Path
    other: Path


@pytest.fixture
def bound(ground: Ground) -> Bound:
    """A file of the host in two containers."""
    source = ground.source()
    shown = ground.mounts.bind(source, ground.inside / "a.yaml")
    return Bound(source, shown, ground.mounts.bind(source, ground.inside / "other" / "b.yaml"))


@pytest.mark.parametrize("writer", Bound._fields)
def test_a_directory_does_not_tell_of_a_file_bound_into_it(bound: Bound, writer: str) -> None:
    """The event goes to the directory of the source, not to that of the mount point: whoever writes."""
    with inotify(bound.shown.parent) as around, inotify(bound.source.parent) as at_the_source:
        getattr(bound, writer).write_bytes(b"new: 1\n")
        assert around.masks() == set()
        assert MODIFY in at_the_source.masks()


@pytest.mark.parametrize("writer", Bound._fields)
def test_a_watch_on_the_bound_file_tells_of_every_writer(bound: Bound, writer: str) -> None:
    """It is on the inode: MODIFY and CLOSE_WRITE from either side, from another container, through a hard link."""
    link = bound.source.with_name("link.yaml")
    link.hardlink_to(bound.source)
    with inotify(bound.shown) as on_the_file:
        getattr(bound, writer).write_bytes(b"new: 1\n")
        assert on_the_file.masks() >= {MODIFY, CLOSE_WRITE}
        link.write_bytes(b"new: 2\n")
        assert on_the_file.masks() >= {MODIFY, CLOSE_WRITE}


def test_a_rename_over_the_source_is_a_change_of_attributes(bound: Bound) -> None:
    """Nothing but ATTRIB: the link count falls to 0. No DELETE_SELF, because the mount holds the inode."""
    bound.source.with_name("new").write_bytes(b"new: 1\n")
    with inotify(bound.shown) as on_the_file:
        bound.source.with_name("new").rename(bound.source)
        assert on_the_file.masks() == {ATTRIB}
        assert bound.shown.stat().st_nlink == 0
        bound.source.write_bytes(b"new: 2\n")
        assert on_the_file.masks() == set()


def test_a_rename_over_a_source_with_another_link(bound: Bound) -> None:
    """ATTRIB too; but now the link count does not say that the source is another one."""
    bound.source.with_name("link.yaml").hardlink_to(bound.source)
    bound.source.with_name("new").write_bytes(b"new: 1\n")
    with inotify(bound.shown) as on_the_file:
        bound.source.with_name("new").rename(bound.source)
        assert on_the_file.masks() == {ATTRIB}
        assert bound.shown.stat().st_nlink == 1


def test_a_source_that_is_moved_away_and_back(bound: Bound) -> None:
    """MOVE_SELF each time."""
    with inotify(bound.shown) as on_the_file:
        away = bound.source.rename(bound.source.with_suffix(".away"))
        assert on_the_file.masks() == {MOVE_SELF}
        away.rename(bound.source)
        assert on_the_file.masks() == {MOVE_SELF}


def test_a_removed_placeholder_unmounts(ground: Ground) -> None:
    """Without an event of the file: on the host its placeholder goes, in the container the mount with it."""
    placeholder = ground.host / "nested.yaml"
    placeholder.touch()
    directory = ground.mounts.bind(ground.host, ground.inside / "config")
    source = ground.elsewhere / "a.yaml"
    source.touch()
    nested = ground.mounts.bind(source, directory / "nested.yaml")
    with inotify(nested) as on_the_file, inotify(directory) as around:
        # In a namespace in which nothing is mounted on it, as on a host: here it would be EBUSY.
        run("unshare", "--mount", "sh", "-euc", 'umount "$1" && rm "$2"', "sh", nested, placeholder)
        assert on_the_file.masks() == set()
        assert [notice.name for notice in around.notices()] == ["nested.yaml"]
        assert not nested.exists()


def test_a_hard_link_elsewhere_is_not_seen_by_the_directory(ground: Ground) -> None:
    """A directory tells of its names, not of its files: only a watch on the file itself sees this writer."""
    file = ground.source()
    link = ground.inside / "link.yaml"
    link.hardlink_to(file)
    with inotify(file.parent) as around, inotify(file) as on_the_file:
        link.write_bytes(b"new: 1\n")
        assert around.masks() == set()
        assert MODIFY in on_the_file.masks()


def test_nothing_tells_of_what_changes_behind_fuse(mounts: Mounts, tmp_path: Path) -> None:
    """Neither the directory nor the file; what is written through the mount is told."""
    behind, point = tmp_path / "behind", tmp_path / "point"
    behind.mkdir()
    point.mkdir()
    (behind / "a.yaml").write_bytes(b"old: 1\n")
    with passthrough(behind, point), inotify(point, point / "a.yaml") as watching:
        (behind / "a.yaml").write_bytes(b"new: 1\n")
        (behind / "b.yaml").write_bytes(b"new: 1\n")
        assert watching.masks() == set()
        (point / "c.yaml").write_bytes(b"new: 1\n")
        assert CREATE in watching.masks()


def test_a_directory_that_was_just_made_is_not_watched(tmp_path: Path) -> None:
    """What is in it before its own watch is on is told by nobody: it has to be looked at."""
    with inotify(tmp_path) as around:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "a.yaml").touch()
        assert [notice.name for notice in around.notices()] == ["new"]


class Noted(FileSystemEventHandler):
    """Which files have changed, as watchdog says."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Opening and closing are no changes."""
        if event.event_type in {"modified", "created", "moved", "deleted"} and not event.is_directory:
            self.names.add(os.path.basename(os.fsdecode(event.src_path)))


@contextmanager
def watchdog(observer: BaseObserver, *paths: Path) -> Generator[Noted]:
    """What it notes of these, until the end."""
    noted = Noted()
    for path in paths:
        observer.schedule(noted, str(path))
    observer.start()
    try:
        yield noted
    finally:
        observer.stop()
        observer.join()


def written(noted: Noted, *paths: Path) -> Callable[[], set[str]]:
    """Write to these, again each time it is asked what was noted: watchdog looks from an instant on that it keeps."""

    def write() -> set[str]:
        for path in paths:
            path.write_bytes(os.urandom(8))
        return noted.names

    return write


def test_watchdog_is_blind_to_a_bound_file(bound: Bound) -> None:
    """It watches the directory, also where it is told to watch the file; why single files have watches of our own."""
    plain = bound.shown.with_name("plain.yaml")
    with watchdog(Observer(), bound.shown.parent, bound.shown) as noted:
        eventually(written(noted, bound.source, bound.shown, plain), "a change is noted")
    assert noted.names == {"plain.yaml"}


@pytest.mark.parametrize("writer", Bound._fields)
def test_watchdog_polls_a_bound_file(bound: Bound, writer: str) -> None:
    """Comparing times and sizes sees what is written in place, by whomever."""
    with watchdog(PollingObserver(timeout=0.05), bound.shown.parent) as noted:
        eventually(written(noted, getattr(bound, writer)), "a change is noted")
    assert noted.names == {bound.shown.name}
