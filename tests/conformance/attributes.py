"""Everything that a file has besides its bytes, as the kernel tells it, and ways to set it."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.support.looking import opened

if TYPE_CHECKING:
    from pathlib import Path

#: ioctl_getflags(2), ioctl_fsgetxattr(2): the same numbers on every 64-bit machine that we know.
_GET_FLAGS: Final = 0x80086601
_SET_FLAGS: Final = 0x40086602
_GET_MORE: Final = 0x801C581F
_SET_MORE: Final = 0x401C5820
#: struct fsxattr: fsx_xflags, fsx_extsize, fsx_nextents, fsx_projid, fsx_cowextsize
_MORE: Final = struct.Struct("=5I8x")
_NONE: Final = {errno.ENOTTY, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}

#: chattr(1), by its letters. What else there is says how the filesystem stores the file.
FLAGS: Final = {"s": 0x1, "u": 0x2, "c": 0x4, "S": 0x8, "i": 0x10, "a": 0x20, "d": 0x40, "A": 0x80, "m": 0x400,
                "t": 0x8000, "C": 0x800000}  # fmt: skip
#: Beside these, fsx_extsize and fsx_cowextsize count; "leave it to me" to the defragmenter.
_XFLAG_EXTSIZE: Final = 0x800
_XFLAG_COWEXTSIZE: Final = 0x10000
XFLAG_NODEFRAG: Final = 0x2000

#: Entries of a POSIX ACL (acl(5)): the owner, a user, the group, a group, the mask, everybody else.
OWNER, USER, GROUP, NAMED_GROUP, MASK, OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"


class Attributes(NamedTuple):
    """``flags``: the letters of lsattr(1); ``more``: extent size, project, copied extents' size, no defragmentation."""

    mode: str
    uid: int
    gid: int
    links: int
    xattrs: dict[str, bytes]
    flags: str
    more: tuple[int, int, int, bool]


def attributes(path: Path) -> Attributes:
    """What ``path`` has. Only the superuser sees all of it."""
    with opened(path, os.O_RDONLY) as fd:
        found = os.fstat(fd)
        return Attributes(
            mode=f"{found.st_mode & 0o7777:04o}",
            uid=found.st_uid,
            gid=found.st_gid,
            links=found.st_nlink,
            xattrs={name: os.getxattr(fd, name) for name in sorted(os.listxattr(fd))},
            flags="".join(letter for letter, bit in FLAGS.items() if _flags(fd) & bit),
            more=_more(fd),
        )


def _flags(fd: int) -> int:
    try:
        return int(struct.unpack("=q", fcntl.ioctl(fd, _GET_FLAGS, bytes(8)))[0])
    except OSError as error:
        if error.errno not in _NONE:
            raise
        return 0


def _more(fd: int) -> tuple[int, int, int, bool]:
    try:
        flags, extent, _, project, cow = _MORE.unpack(fcntl.ioctl(fd, _GET_MORE, bytes(_MORE.size)))
    except OSError as error:
        if error.errno not in _NONE:
            raise
        return 0, 0, 0, False
    return extent, project, cow, bool(flags & XFLAG_NODEFRAG)


def set_flags(path: Path, letters: str) -> None:
    """``chattr +LETTERS``, also of directories. Raises OSError where the filesystem does not have them."""
    with opened(path, os.O_RDONLY) as fd:
        flags = _flags(fd) | sum(FLAGS[letter] for letter in letters)
        fcntl.ioctl(fd, _SET_FLAGS, struct.pack("=q", flags))


def clear_flags(path: Path, letters: str) -> None:
    """``chattr -LETTERS``."""
    with opened(path, os.O_RDONLY) as fd:
        flags = _flags(fd) & ~sum(FLAGS[letter] for letter in letters)
        fcntl.ioctl(fd, _SET_FLAGS, struct.pack("=q", flags))


def set_more(path: Path, *, extent: int = 0, project: int = 0, cow: int = 0, flags: int = 0) -> None:
    """Extent sizes, project, further flags. Raises OSError where the filesystem does not have them."""
    with opened(path, os.O_RDONLY) as fd:
        present, *_ = _MORE.unpack(fcntl.ioctl(fd, _GET_MORE, bytes(_MORE.size)))
        flags |= present | _XFLAG_EXTSIZE * bool(extent) | _XFLAG_COWEXTSIZE * bool(cow)
        fcntl.ioctl(fd, _SET_MORE, _MORE.pack(flags, extent, 0, project, cow))


def acl(*entries: tuple[int, int] | tuple[int, int, int]) -> bytes:
    """A POSIX ACL as the kernel keeps it: (tag, permissions) or (tag, permissions, id); the mask is theirs to give."""
    packed = [struct.pack("<HHI", *(entry if len(entry) == 3 else (*entry, 0xFFFFFFFF))) for entry in entries]
    return struct.pack("<I", 2) + b"".join(packed)


def capability() -> bytes:
    """``cap_net_bind_service=ep``, as setcap(8) writes it."""
    return struct.pack("<5I", 0x02000001, 1 << 10, 0, 0, 0)


def write_in_place(path: Path, data: bytes) -> None:
    """What every editor that keeps the inode does: the reference that a save is compared with."""
    with opened(path, os.O_WRONLY) as fd:
        os.pwrite(fd, data, 0)
        os.ftruncate(fd, len(data))
