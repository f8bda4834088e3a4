"""One inotify descriptor (inotify(7)): for directories and for single files alike.

A watch on the *directory* of a bind-mounted file never fires: the file's entry is in the directory it was mounted from.
A watch on the file does, with one exception: when the host renames another file over it, all there is to see is
IN_ATTRIB (docs/architecture.md, "Facts").
"""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from typing import Final, NamedTuple

from confkeep.files import syscalls

# include/uapi/linux/inotify.h
MODIFY: Final = 0x2
ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED_FROM: Final = 0x40
_MOVED_TO: Final = 0x80
_CREATE: Final = 0x100
DELETE: Final = 0x200
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_UNMOUNT: Final = 0x2000
OVERFLOW: Final = 0x4000
IGNORED: Final = 0x8000
_ONLYDIR: Final = 0x01000000
_MASK_ADD: Final = 0x20000000
ISDIR: Final = 0x40000000

#: What happens to the watched inode itself, or to the mount it is seen through.
SELF: Final = ATTRIB | _DELETE_SELF | _MOVE_SELF | _UNMOUNT
_NAMES: Final = _MOVED_FROM | _MOVED_TO | _CREATE | DELETE
#: The same, but for a change of its owner, mode or number of links.
AWAY: Final = _DELETE_SELF | _MOVE_SELF | _UNMOUNT
#: What is asked for: with IN_MASK_ADD, because one inode may be watched under several names.
OF_FILE: Final = MODIFY | _CLOSE_WRITE | ATTRIB | _DELETE_SELF | _MOVE_SELF | _MASK_ADD
OF_TREE: Final = OF_FILE | _NAMES | _ONLYDIR
OF_ITSELF: Final = ATTRIB | _DELETE_SELF | _MOVE_SELF | _MASK_ADD

_HEADER: Final = struct.Struct("=iIII")  # wd, mask, cookie, length of the name
_BUFFER: Final = 1 << 16
_READS: Final = 16  # of 2,000 notices and more each; the kernel's queue holds 16,384 (max_queued_events)


class Notice(NamedTuple):
    """``name`` is that of the entry in a watched directory, "" for the watched inode itself."""

    watch: int
    mask: int
    name: str


class Inotify:
    """The descriptor. Raises OSError EMFILE where the user has too many of them."""

    def __init__(self) -> None:
        self.fd = syscalls.inotify_init()

    def add(self, path: str, mask: int) -> int:
        """Watch what ``path`` leads to; the number of the watch, one for each inode. Raises OSError."""
        return syscalls.inotify_add_watch(self.fd, path, mask)

    def remove(self, watch: int) -> None:
        """No longer."""
        with suppress(OSError):  # EINVAL: the inode is gone, and the watch with it
            syscalls.inotify_rm_watch(self.fd, watch)

    def read(self) -> list[Notice]:
        """What has happened since, oldest first; never blocks."""
        found: list[Notice] = []
        for _ in range(_READS):
            try:
                data = os.read(self.fd, _BUFFER)
            except BlockingIOError:
                break
            found += _notices(data)
        return found

    def close(self) -> None:
        """End all watches."""
        os.close(self.fd)


def _notices(data: bytes) -> list[Notice]:
    found: list[Notice] = []
    at = 0
    while at < len(data):
        watch, mask, _, length = _HEADER.unpack_from(data, at)
        at += _HEADER.size
        found.append(Notice(watch, mask, os.fsdecode(data[at : at + length].rstrip(b"\0"))))
        at += length
    return found


def is_limit(error: OSError) -> bool:
    """Whether the user may have no more watches, or no more descriptors of them."""
    return error.errno in {errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
