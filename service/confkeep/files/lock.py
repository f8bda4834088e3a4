"""The lock of a target: a byte range of one lock file in the state directory, never the target itself.

A process that waits in flock(2) on the target holds a descriptor of it and so defeats the write lease (seen).
Open-file-description locks (fcntl(2), F_OFD_SETLK) belong to a descriptor: the same lock keeps threads and
processes apart, and a dead holder blocks nobody.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from confkeep.errors import JournalUnavailable, TargetBusy

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

#: struct flock with 64-bit offsets: l_type, l_whence, l_start, l_len, l_pid; native alignment is the kernel's.
_FLOCK: Final = struct.Struct("@hhqqi4x")
_BUSY: Final = (BlockingIOError, PermissionError)  # EAGAIN or EACCES (fcntl(2))
#: The byte that every user of the state directory shares; above all keys.
_PRESENT: Final = 1 << 62
_PAUSE: Final = 0.0005
_MAX_PAUSE: Final = 0.01


def key_of_name(parent_dev: int, parent_ino: int, name: str) -> int:
    """The byte that stands for a directory entry, whether or not a file is there."""
    return _key(b"name", parent_dev, parent_ino, os.fsencode(name))


def key_of_inode(dev: int, ino: int) -> int:
    """The byte that stands for an inode: two names of one file must queue as well."""
    return _key(b"inode", dev, ino, b"")


def _key(kind: bytes, dev: int, ino: int, name: bytes) -> int:
    digest = blake2b(b"%d:%d:" % (dev, ino) + name, digest_size=8, person=kind).digest()
    return int.from_bytes(digest) >> 2  # room above, so that offset + length stays a valid off_t


class Presence:
    """Says to other processes that this one uses the state directory, as long as it lives."""

    def __init__(self, lock_file: str) -> None:
        """Raises JournalUnavailable."""
        self._fd = _open(lock_file)
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_RDLCK, os.SEEK_SET, _PRESENT, 1, 0))

    def is_alone(self) -> bool:
        """Whether no other process does."""
        wanted = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _PRESENT, 1, 0)
        kind, *_ = _FLOCK.unpack(fcntl.fcntl(self._fd, fcntl.F_OFD_GETLK, wanted))
        return bool(kind == fcntl.F_UNLCK)

    def end(self) -> None:
        """Be gone."""
        os.close(self._fd)


def _open(lock_file: str) -> int:
    try:
        return os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalUnavailable(
            f"the locks of the state directory cannot be used: {lock_file}: {error.strerror}",
            remedy="give the user confkeep runs as the state directory and what is in it",
        ) from error


@contextmanager
def hold(lock_file: str, keys: Iterable[int], *, wait: float, what: str) -> Generator[None]:
    """Hold the bytes ``keys`` of ``lock_file`` (created 0600) inside the ``with``; always taken in rising order.

    Raises JournalUnavailable, and TargetBusy when another save of ``what`` holds one of them for longer than ``wait``
    seconds.
    """
    fd = _open(lock_file)
    try:
        deadline = time.monotonic() + wait
        for key in sorted(set(keys)):
            _take(fd, key, deadline, what)
        yield
    finally:
        # To close would do, if no other thread had forked meanwhile: the child has a copy of the descriptor.
        with suppress(OSError):  # what was done under the lock is done, whatever becomes of it
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _FLOCK.pack(fcntl.F_UNLCK, os.SEEK_SET, 0, 0, 0))
        with suppress(OSError):
            os.close(fd)


def _take(fd: int, key: int, deadline: float, what: str) -> None:
    request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, key, 1, 0)
    pause = _PAUSE
    while True:
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, request)
        except _BUSY as error:
            if time.monotonic() >= deadline:
                raise TargetBusy(
                    f"another save of {what} has not ended",
                    remedy="try again; if it never ends, look for a stopped confkeep process",
                ) from error
            time.sleep(pause)
            pause = min(pause * 1.5, _MAX_PAUSE)
        else:
            return
