"""confkeep.files.read: read once, whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import NoPermission, NotARegularFile, TargetBusy
from confkeep.files import lease
from confkeep.files.read import is_readable, read, read_all
from confkeep.files.target import Changed
from tests.support.looking import looking, opened
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser


@pytest.fixture
def path(disk: Path) -> Path:
    """A file."""
    path = disk / "a.yaml"
    path.write_bytes(b"content\n")
    return path


def content(path: Path, wait: float = 0.0) -> bytes:
    """What a read gives."""
    with looking(path) as target:
        return read(target, wait)


@pytest.mark.parametrize("size", [0, 1, 4096, 3_000_001])
def test_any_size(path: Path, size: int) -> None:
    """Every byte, none more."""
    data = os.urandom(size)
    path.write_bytes(data)
    assert content(path) == data


def test_nothing_there_is_no_bytes(path: Path) -> None:
    """A file that does not exist yet reads as empty."""
    assert content(path.parent / "missing") == b""


def test_a_file_that_changes_its_size_is_read_to_its_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A size that is stale, or that the kernel does not know (/proc), is no limit."""
    assert read_all_of(Path("/proc/self/cmdline")) == Path("/proc/self/cmdline").read_bytes()
    pread = os.pread

    def short(fd: int, size: int, offset: int) -> bytes:
        return pread(fd, min(size, 3), offset)

    monkeypatch.setattr(os, "pread", short)
    assert content(path) == b"content\n"


def read_all_of(path: Path) -> bytes:
    """Everything in a file."""
    with opened(path, os.O_RDONLY) as fd:
        return read_all(fd)


def test_no_descriptor_is_kept(path: Path) -> None:
    """Read, close: a descriptor that stays would prevent our own lease."""
    with looking(path) as target:
        read(target)
        with opened(path, os.O_RDWR) as fd:
            assert isinstance(lease.take(fd, 0), lease.Lease)


def test_a_writer_is_waited_for(path: Path) -> None:
    """While a lease is held the old content must not be read by half; when it is given back the new one is."""
    with opened(path, os.O_RDWR) as fd:
        held = lease.take(fd, 0)
        assert isinstance(held, lease.Lease)
        with pytest.raises(TargetBusy):
            content(path)
        os.pwrite(fd, b"CONTENT\n", 0)
        threading.Timer(0.02, held.release).start()
        assert content(path, wait=30) == b"CONTENT\n"


def test_another_file_in_its_place(path: Path) -> None:
    """The bytes of a file that was not looked at are not given out."""
    with looking(path) as target:
        (path.parent / "b").write_bytes(b"other")
        (path.parent / "b").rename(path)
        with pytest.raises(Changed):
            read(target)


@pytest.mark.parametrize("kind", ["directory", "fifo"])
def test_only_regular_files(path: Path, kind: str) -> None:
    """A FIFO nobody writes to does not block, and is not read."""
    odd = path.parent / "odd"
    if kind == "fifo":
        os.mkfifo(odd)
    else:
        odd.mkdir()
    with pytest.raises(NotARegularFile):
        content(odd)
    with looking(odd) as target:
        assert not is_readable(target)


def test_no_permission(public: Path, as_user: AsUser) -> None:
    """A file that this user may not read."""
    path = public / "a.yaml"
    path.touch(0o600)
    with pytest.raises(NoPermission) as caught:
        as_user(STRANGER, lambda: content(path))
    assert caught.value.members["rule"] == "MNT019"

    def readable() -> bool:
        with looking(path) as target:
            return is_readable(target)

    assert not as_user(STRANGER, readable)
    assert as_user(0, readable)


def test_what_is_not_there_is_not_readable(path: Path) -> None:
    """Nothing to read."""
    with looking(path.parent / "missing") as target:
        assert not is_readable(target)
