"""A full disk, on both routes: the old content is intact and the error says how much is missing, or it is done."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import IoError, OutOfSpace
from confkeep.files import room as reserving
from tests.support.room import ROOMS, Room, make_room
from tests.support.saving import OLD, ROUTES, Bench, bench, open_intents, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mounting import Mounts


class Change(NamedTuple):
    """The sizes of a file before and after a save."""

    before: int
    after: int


CHANGES = {
    "growing": Change(8 << 10, 3 << 20),
    "growing from nothing": Change(0, 3 << 20),
    "same size": Change(1 << 20, 1 << 20),
    "shrinking": Change(1 << 20, 100),
}
#: Where a file is written over its own blocks: what does not grow needs no room. (An overlay may lie on btrfs.)
IN_ITS_OWN_BLOCKS = {"ext4", "xfs", "tmpfs"}

EVERYWHERE = pytest.mark.parametrize("name", ROOMS)
BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)
EVERY_CHANGE = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


@pytest.fixture
def room(name: str, public: Path, tmp_path: Path, mounts: Mounts) -> Room:
    """A small filesystem."""
    return make_room(name, public / name, tmp_path, mounts)


def contents(change: Change) -> tuple[bytes, bytes]:
    """Bytes that no filesystem can compress."""
    return os.urandom(change.before), os.urandom(change.after)


def prepared(room: Room, state: Path, route: str, old: bytes) -> Bench:
    """A file with ``old`` in it, on the disk."""
    one = bench(room.at / "config", state, route)
    one.path.write_bytes(old)
    room.settle()
    return one


@EVERYWHERE
@BOTH_ROUTES
@EVERY_CHANGE
def test_no_room(room: Room, state: Path, route: str, change: Change) -> None:
    """Refused: old bytes, nothing left over, how much is missing. Done: new bytes. Both are so after a new mount."""
    old, new = contents(change)
    one = prepared(room, state, route, old)
    names, grows = one.names(), change.after > change.before
    room.fill()
    with one.keeper() as keeper:
        try:
            saved = save(keeper, one, new, validate=Validate.OFF)
        except OutOfSpace as error:
            check_told(error, one)
            expected = old
        else:
            assert saved.changed
            expected = new
        assert open_intents(keeper) == 0
        assert one.path.read_bytes() == expected
        assert one.names() == names
    if grows:
        assert expected == old, "the disk was not full"
    elif route == "overwrite" and room.name in IN_ITS_OWN_BLOCKS:
        assert expected == new, "needed room for what does not grow"
    room.again()
    assert one.path.read_bytes() == expected
    assert one.names() == names


def check_told(error: OutOfSpace, one: Bench) -> None:
    """The error says how much is missing, in words and for programs; or that the filesystem keeps what seems free."""
    needed, free = error.members["needed"], error.members["free"]
    assert needed > 0
    if free < needed:
        missing = error.members["missing"]
        assert missing == needed - free
        assert f"{missing} are missing" in error.detail
    else:
        assert "the filesystem keeps them for itself" in error.detail
    assert free <= free_in(one.directory) + (1 << 20)
    assert os.fspath(one.path) in error.detail
    assert "the old content is intact" in error.detail


def free_in(directory: Path) -> int:
    """Bytes that an ordinary user could have."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize


@EVERYWHERE
@BOTH_ROUTES
def test_what_is_missing_is_enough(room: Room, state: Path, route: str) -> None:
    """Whoever gives the room that was missing, and a little for the filesystem's own notes, can save."""
    old, new = contents(CHANGES["growing"])
    one = prepared(room, state, route, old)
    room.fill()
    with one.keeper() as keeper:
        with pytest.raises(OutOfSpace) as caught:
            save(keeper, one, new, validate=Validate.OFF)
        room.fill(caught.value.members["missing"] * 5 // 4 + (1 << 20))
        save(keeper, one, new, validate=Validate.OFF)
    room.again()
    assert one.path.read_bytes() == new


@EVERYWHERE
@BOTH_ROUTES
def test_a_refused_save_gives_its_room_back(room: Room, state: Path, route: str) -> None:
    """What was reserved or staged for a save that failed is free again, at once."""
    old, new = contents(CHANGES["growing"])
    one = prepared(room, state, route, old)
    room.fill(2 << 20)
    blocks, free = one.path.stat().st_blocks, free_in(room.at)
    with one.keeper() as keeper:
        for _ in range(3):
            with pytest.raises(OutOfSpace):
                save(keeper, one, new, validate=Validate.OFF)
    room.settle()
    # ext4 may keep a block in which it notes where the others are
    assert one.path.stat().st_blocks - blocks <= 16
    assert abs(free_in(room.at) - free) <= 256 << 10


@EVERYWHERE
@BOTH_ROUTES
def test_nothing_is_remembered(room: Room, state: Path, route: str) -> None:
    """Once there is room the same call succeeds."""
    old, new = contents(CHANGES["growing"])
    one = prepared(room, state, route, old)
    room.fill()
    with one.keeper() as keeper:
        with pytest.raises(OutOfSpace):
            save(keeper, one, new, validate=Validate.OFF)
        room.give()
        save(keeper, one, new, validate=Validate.OFF)
    room.again()
    assert one.path.read_bytes() == new


def test_it_is_the_reserve(public: Path, tmp_path: Path, mounts: Mounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one the old content is lost from the file on btrfs: neither new nor old bytes have room half-way."""

    def none(*_: object) -> bool:
        return False

    monkeypatch.setattr(reserving, "reserve", none)
    room = make_room("btrfs", public / "btrfs", tmp_path, mounts)
    old, new = contents(CHANGES["growing"])
    one = prepared(room, tmp_path / "state", "overwrite", old)
    room.fill()
    with one.keeper() as keeper:
        with pytest.raises(IoError, match="neither be written nor put back"):
            save(keeper, one, new, validate=Validate.OFF)
        assert open_intents(keeper) == 1


FICLONE = 0x40049409  # linux/fs.h


@pytest.mark.parametrize(
    ("name", "kind"), [*((name, "sparse") for name in ROOMS), ("xfs", "shared"), ("btrfs", "shared")]
)
@pytest.mark.parametrize("after", [1 << 20, 700 << 10], ids=["same size", "shrinking"])
def test_blocks_of_its_own(room: Room, state: Path, kind: str, after: int) -> None:
    """A file with holes, or that shares its blocks with a copy (cp --reflink), needs room even where it does not grow.

    Never half done: old bytes and the reason, or new bytes.
    """
    old, new = bytes(1 << 20), os.urandom(after)
    one = bench(room.at / "config", state, "overwrite")
    if kind == "sparse":
        os.truncate(one.path, 0)
        os.truncate(one.path, len(old))
    else:
        old = os.urandom(len(old))
        one.path.write_bytes(old)
        with (room.at / "copy").open("wb") as copy, one.path.open("rb") as source:
            fcntl.ioctl(copy, FICLONE, source.fileno())
    room.fill(64 << 10)
    with one.keeper() as keeper:
        with pytest.raises(OutOfSpace) as caught:
            save(keeper, one, new, validate=Validate.OFF)
        check_told(caught.value, one)
        assert caught.value.members["needed"] >= after - (64 << 10)
        assert one.path.read_bytes() == old
        assert open_intents(keeper) == 0
        room.give()
        save(keeper, one, new, validate=Validate.OFF)
    room.again()
    assert one.path.read_bytes() == new
    assert kind == "sparse" or (room.at / "copy").read_bytes() == old


@BOTH_ROUTES
def test_no_inode_left(mounts: Mounts, public: Path, state: Path, route: str) -> None:
    """A new file takes an inode: where none is left that is the reason given; in place none is needed."""
    at = mounts.mount(public / "few", "-t", "tmpfs", "-o", "size=16m,nr_inodes=20", "tmpfs")
    one = bench(at / "config", state, route)
    while True:
        try:
            (at / f"f{len(os.listdir(at))}").touch()
        except OSError:
            break
    names = one.names()
    with one.keeper() as keeper:
        if route == "overwrite":
            save(keeper, one)
        else:
            with pytest.raises(OutOfSpace, match="no inode is left"):
                save(keeper, one)
            assert one.path.read_bytes() == OLD
    assert one.names() == names
