"""Room for an in-place write, made sure of before its first byte: a full disk must leave the old content whole.

Growing: fallocate(KEEP_SIZE) over the new length first; once that succeeded, the writes never failed on ext4, xfs and
tmpfs. Two kinds of filesystem allocate even for bytes that are written over:

- **xfs** where a file shares its blocks with a copy (reflink): FALLOC_FL_UNSHARE_RANGE gives it its own ones first.
  Only there: on a full disk it fails even for a file that has all it needs.
- **Copy-on-write** (btrfs, bcachefs, an overlay that may be on top of one): new blocks for every write, and writing
  the old bytes back takes new blocks again. There room for the new and for the old content is reserved behind the end
  of the file itself, before the first byte. When a write fails all the same, that reserve is let go and the old bytes
  go back into its room; when it does not, it is let go at the end. No reserve to be had: the save fails with nothing
  touched. The journal holds the old bytes throughout: they cannot be lost even when somebody else takes the room.
"""

from __future__ import annotations

import errno
import os
import struct
from contextlib import suppress
from fcntl import ioctl
from typing import Final

from confkeep.files import syscalls

_NO_RESERVATIONS: Final = {errno.EOPNOTSUPP, errno.ENOSYS}
_BLOCK: Final = 4096
_SECTOR: Final = 512
# linux/magic.h
_XFS: Final = 0x58465342
_COPY_ON_WRITE: Final = {0x9123683E, 0xCA451A4E, 0x794C7630}  # btrfs, bcachefs, overlay
# linux/fiemap.h: start, length, flags, mapped extents, room for extents; each has its flags in a word of its own
_FIEMAP: Final = 0xC020660B
_MAP: Final = struct.Struct("=QQIII4x")
_EXTENT: Final = struct.Struct("=QQQ16xI12x")
_EXTENTS: Final = 64
_LAST: Final = 0x1
_SHARED: Final = 0x2000


def needed(fd: int, blocks: int, old: int, new: int) -> int:
    """Bytes that ``reserve`` asks for where the file has ``blocks`` sectors, at most."""
    kind = syscalls.filesystem_type(fd)
    if kind in _COPY_ON_WRITE:
        return _rounded(new) + _rounded(old) + _rounded(new)
    if kind == _XFS and _is_shared(fd):
        return _rounded(new)
    return max(0, _rounded(new) - blocks * _SECTOR)


def reserve(fd: int, blocks: int, old: int, new: int) -> bool:
    """Reserve what it takes to write ``new`` bytes over ``old`` ones. True: something is left over behind the end.

    Raises OSError ENOSPC or EDQUOT: what was got already is to be given back by ``trim``.
    """
    kind = syscalls.filesystem_type(fd)
    try:
        if kind == _XFS and _is_shared(fd):
            syscalls.unshare(fd, max(new, 1))
        elif new > old or blocks * _SECTOR < old:  # a file with holes grows inside
            syscalls.reserve(fd, 0, max(new, 1))
        if kind in _COPY_ON_WRITE and (old or new):
            syscalls.reserve(fd, _rounded(max(old, new)), _rounded(old) + _rounded(new))
            return True
    except OSError as error:
        if error.errno not in _NO_RESERVATIONS:
            raise
    return False


def trim(fd: int, before: os.stat_result | None = None) -> None:
    """Let go what is reserved behind the end. Only while no one else can change the size: under the lease.

    With ``before`` the file is as it was, and shall look so.
    """
    with suppress(OSError):
        size = os.lseek(fd, 0, os.SEEK_END)
        os.ftruncate(fd, size)
        if before is not None and size == before.st_size:
            os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))


def _is_shared(fd: int) -> bool:
    """Whether some of its blocks belong to a copy as well (ioctl_fiemap(2)); yes where nobody says."""
    start = 0
    while True:
        answer = bytearray(_MAP.pack(start, 1 << 62, 0, 0, _EXTENTS) + bytes(_EXTENTS * _EXTENT.size))
        try:
            ioctl(fd, _FIEMAP, answer)
        except OSError:
            return True
        found = _MAP.unpack_from(answer)[3]
        extents = [_EXTENT.unpack_from(answer, _MAP.size + each * _EXTENT.size) for each in range(found)]
        if any(flags & _SHARED for *_, flags in extents):
            return True
        if not extents or extents[-1][3] & _LAST:
            return False
        start = extents[-1][0] + extents[-1][2]


def _rounded(length: int) -> int:
    return -(-length // _BLOCK) * _BLOCK
