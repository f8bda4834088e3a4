"""What a file is besides its bytes: mode, owner, extended attributes (POSIX ACLs and security labels), inode flags.

A save is a modification: mtime and ctime are the time of the save on both routes, and no timestamp is carried over.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from fcntl import ioctl
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.files import mounts

if TYPE_CHECKING:
    from confkeep.files.mounts import Facts

_CAP_CHOWN: Final = 0  # capability.h
_CAPABILITY: Final = "security.capability"
#: The kernel's own: hashes that hold for one inode, and xfs's second view of its ACLs (as in attr's xattr.conf).
_OF_THE_KERNEL: Final = ("security.evm", "security.ima", "trusted.SGI_")
_NO_XATTRS: Final = {errno.ENOTSUP, errno.ENOSYS}
# include/uapi/linux/fs.h. The number of the first tells the size of a long; what is read is an int all the same.
_GETFLAGS: Final = 0x80006601 | struct.calcsize("l") << 16
_FSGETXATTR: Final = 0x801C581F
_FLAGS_BUFFER: Final = bytes(8)
#: Flags that a user sets: secure deletion, undelete, compress, sync, nodump, noatime, data journaling, no tail merging,
#: no copy-on-write, dax, project inheritance. The others say how the filesystem stores the file.
_USERS_FLAGS: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x4000 | 0x8000 | 0x800000 | 0x2000000 | 0x20000000
#: struct fsxattr: xflags, extsize, nextents, projid, cowextsize, padding
_FSXATTR: Final = struct.Struct("=5I8x")
_FSXATTR_BUFFER: Final = bytes(_FSXATTR.size)


class NotReproducible(Exception):
    """A new file cannot be given this metadata, so the file must be written in place."""


class Attributes(NamedTuple):
    """What stat does not tell: extended attributes, inode flags (chattr), (extent size, project, cow extent size)."""

    xattrs: dict[str, bytes]
    flags: int
    extents: tuple[int, int, int]


def attributes(fd: int) -> Attributes:
    """The attributes of the open file ``fd``; nothing where the filesystem has no such thing. Raises OSError."""
    return Attributes(_xattrs(fd), _flags(fd), _extents(fd))


def _xattrs(fd: int) -> dict[str, bytes]:
    try:
        return {name: os.getxattr(fd, name) for name in os.listxattr(fd) if not name.startswith(_OF_THE_KERNEL)}
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return {}
        raise


def _flags(fd: int) -> int:
    try:
        answer = ioctl(fd, _GETFLAGS, _FLAGS_BUFFER)
    except OSError:  # ENOTTY, and whatever a FUSE filesystem makes of it
        return 0
    return int.from_bytes(answer[:4], sys.byteorder) & _USERS_FLAGS


def _extents(fd: int) -> tuple[int, int, int]:
    try:
        _, extent_size, _, project, cow_extent_size = _FSXATTR.unpack(ioctl(fd, _FSGETXATTR, _FSXATTR_BUFFER))
    except OSError:
        return 0, 0, 0
    return extent_size, project, cow_extent_size


def not_reproducible(found: Facts) -> str | None:
    """What a new file of ours could not be given, as far as that can be known without trying."""
    if _may_chown():
        return None
    if found.uid != os.geteuid():
        return f"the file belongs to uid {found.uid}, and uid {os.geteuid()} cannot give a new file away"
    if found.gid != os.getegid() and found.gid not in os.getgroups():
        return f"the file belongs to gid {found.gid}, of which this process is no member"
    return None


@cache
def _may_chown() -> bool:
    """Whether this process has CAP_CHOWN; it never gives up or gains capabilities."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_CHOWN & 1)
    return False


def reproduce(old: Facts, directory: Facts | None, wanted: Attributes | None, fd: int) -> None:
    """Give the new file ``fd``, whose bytes are written, the owner and mode of ``old`` and the attributes ``wanted``.

    ``wanted`` is None where they could not be read. Raises NotReproducible when any of them cannot be had exactly.
    What a new file inherits from its directory beyond them (inode flags, a project) it may keep.
    """
    if wanted is None:
        raise NotReproducible("its extended attributes cannot be read")
    try:
        _set(fd, old, wanted)
        if not _is_born_so(old, directory):
            _give(fd, old, wanted)
        if (wanted.flags or any(wanted.extents)) and attributes(fd)[1:] != wanted[1:]:
            raise NotReproducible("it has inode flags or a project (lsattr -p) that a new file here would not have")
    except OSError as error:
        raise NotReproducible(
            f"its owner, mode or attributes cannot be given to a new file: {error.strerror}"
        ) from error


def _is_born_so(old: Facts, directory: Facts | None) -> bool:
    """Whether a new file of ours has the owner of ``old`` without more ado, and a mode that no kernel changes.

    Its group is ours, or the directory's (setgid, or mounted with ``grpid``).
    """
    return (
        directory is not None
        and old.uid == os.geteuid()
        and old.gid == os.getegid() == directory.gid
        and not old.mode & (stat.S_ISUID | stat.S_ISGID)
    )


def _give(fd: int, old: Facts, wanted: Attributes) -> None:
    new = mounts.facts(fd, fd)
    if (new.uid, new.gid) != (old.uid, old.gid):
        os.fchown(fd, old.uid, old.gid)
        _set(fd, old, wanted)  # once more: chown(2) clears setuid, setgid and security.capability, as writing does
        new = mounts.facts(fd, fd)
    if (new.uid, new.gid, new.mode) != (old.uid, old.gid, old.mode):
        raise NotReproducible("the kernel does not let this process reproduce its owner and mode")


def _set(fd: int, old: Facts, wanted: Attributes) -> None:
    present = _xattrs(fd)
    for name in present.keys() - wanted.xattrs.keys():  # inherited from the directory's default ACL
        os.removexattr(fd, name)
    for name, value in wanted.xattrs.items():
        if present.get(name) != value:
            os.setxattr(fd, name, value)
    os.fchmod(fd, stat.S_IMODE(old.mode))


class Privileges(NamedTuple):
    """What the kernel takes from a file that is written to (inode(7), capabilities(7))."""

    mode: int
    capability: bytes | None

    def restore(self, fd: int) -> bool:
        """Give them back; False when that is not allowed to us."""
        try:
            if os.fstat(fd).st_mode != self.mode:
                os.fchmod(fd, stat.S_IMODE(self.mode))
            if self.capability is not None and capability(fd) != self.capability:
                os.setxattr(fd, _CAPABILITY, self.capability)
        except OSError:
            return False
        return True


def capability(fd: int) -> bytes | None:
    """The file capabilities of ``fd``."""
    try:
        return os.getxattr(fd, _CAPABILITY)
    except OSError:
        return None
