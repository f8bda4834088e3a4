"""inotify(7) without a library: what the kernel itself tells, for the facts that watching rests on."""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MODIFY: Final = 0x2  # sys/inotify.h
ATTRIB: Final = 0x4
CLOSE_WRITE: Final = 0x8
CREATE: Final = 0x100
DELETE_SELF: Final = 0x400
MOVE_SELF: Final = 0x800
UNMOUNT: Final = 0x2000
Q_OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
#: What changes a file or its name; reading it is not asked for.
CHANGES: Final = 0xFFF & ~(0x1 | 0x10 | 0x20)
_EVENT: Final = struct.Struct("=iIII")


class Notice(NamedTuple):
    """``name`` is empty where the watched thing itself is meant."""

    mask: int
    name: str


class Inotify:
    """One queue of the kernel's."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        assert self.fd >= 0, os.strerror(ctypes.get_errno())

    def watch(self, path: Path, mask: int = CHANGES) -> None:
        """Raises OSError."""
        if self._libc.inotify_add_watch(self.fd, os.fsencode(path), mask) < 0:
            raise OSError(ctypes.get_errno(), f"watching {path}")

    def notices(self) -> list[Notice]:
        """What is in the queue: whatever happened before this call is, if it is told at all."""
        found: list[Notice] = []
        while True:
            try:
                data = os.read(self.fd, 1 << 16)
            except BlockingIOError:
                return found
            while data:
                _, mask, _, size = _EVENT.unpack_from(data)
                name = data[_EVENT.size : _EVENT.size + size].rstrip(b"\0")
                found.append(Notice(mask, os.fsdecode(name)))
                data = data[_EVENT.size + size :]

    def masks(self) -> set[int]:
        """The same, only what."""
        return {notice.mask for notice in self.notices()}


@contextmanager
def inotify(*paths: Path) -> Generator[Inotify]:
    """A queue that watches these."""
    made = Inotify()
    try:
        for path in paths:
            made.watch(path)
        yield made
    finally:
        os.close(made.fd)
