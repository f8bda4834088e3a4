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
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.files import mounts

if TYPE_CHECKING:
    from confkeep.files.mounts import Facts

# capability.h
_CAP_CHOWN: Final = 0
_CAP_FOWNER: Final = 3
_CAPABILITY: Final = "security.capability"
#: The kernel's own: hashes that hold for one inode, and xfs's second view of its ACLs (as in attr's xattr.conf).
_OF_THE_KERNEL: Final = ("security.evm", "security.ima", "trusted.SGI_")
_NO_XATTRS: Final = {errno.ENOTSUP, errno.ENOSYS}
# include/uapi/linux/fs.h. The number of the first tells the size of a long; what is read is an int all the same.
_GETFLAGS: Final = 0x80006601 | struct.calcsize("l") << 16
_FSGETXATTR: Final = 0x801C581F
#: Flags that a user sets: secure deletion, undelete, compress, sync, nodump, noatime, no compression, data journaling,
#: no tail merging, no copy-on-write, dax, project inheritance. The others say how the filesystem stores the file.
_USERS_FLAGS: Final = 0x1 | 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x400 | 0x4000 | 0x8000 | 0x800000 | 0x2000000 | 0x20000000
#: The same of FS_XFLAG_*: all but prealloc, immutable, append and has-attributes.
_USERS_XFLAGS: Final = 0x7FFFFFFF & ~(0x2 | 0x8 | 0x10)
#: struct fsxattr: xflags, extsize, nextents, projid, cowextsize, padding
_FSXATTR: Final = struct.Struct("=5I8x")


class NotReproducible(Exception):
    """A new file cannot be given this metadata, so the file must be written in place."""


class Flags(NamedTuple):
    """Inode flags in both encodings, extent size hint, project, hint for copies on write; zero where nothing is set."""

    flags: int
    xflags: int
    extent_size: int
    project: int
    cow_extent_size: int


class Attributes(NamedTuple):
    """What stat does not tell: extended attributes, and ``chattr``: inode flags, and what only xfs calls its own."""

    xattrs: dict[str, bytes]
    flags: Flags


def attributes(fd: int) -> Attributes:
    """The attributes of the open file ``fd``; nothing where the filesystem has no such thing. Raises OSError."""
    return Attributes(xattrs(fd), _flags(fd))


def xattrs(fd: int) -> dict[str, bytes]:
    """Extended attributes, but for those that the kernel makes itself. Raises OSError.

    Those of ``trusted.`` only a process with CAP_SYS_ADMIN sees (xattr(7)).
    """
    try:
        return {name: os.getxattr(fd, name) for name in os.listxattr(fd) if not name.startswith(_OF_THE_KERNEL)}
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return {}
        raise


def _flags(fd: int) -> Flags:
    flags = int.from_bytes(_ask(fd, _GETFLAGS, 8)[:4], sys.byteorder)
    xflags, extent_size, _, project, cow_extent_size = _FSXATTR.unpack(_ask(fd, _FSGETXATTR, _FSXATTR.size))
    return Flags(flags & _USERS_FLAGS, xflags & _USERS_XFLAGS, extent_size, project, cow_extent_size)


def _ask(fd: int, request: int, size: int) -> bytes:
    try:
        return ioctl(fd, request, bytes(size))
    except OSError:  # ENOTTY, and whatever a FUSE filesystem makes of it
        return bytes(size)


def not_reproducible(found: Facts) -> str | None:
    """What a new file of ours could not be given, as far as that can be known without trying."""
    if _capabilities() >> _CAP_CHOWN & 1:
        return None
    if found.uid != os.geteuid():
        return f"the file belongs to uid {found.uid}, and uid {os.geteuid()} cannot give a new file away"
    if found.gid != os.getegid() and found.gid not in os.getgroups():
        return f"the file belongs to gid {found.gid}, of which this process is no member"
    return None


def may_remove_others() -> bool:
    """Whether the sticky bit of a directory does not concern this process."""
    return bool(_capabilities() >> _CAP_FOWNER & 1)


@cache
def _capabilities() -> int:
    """The effective capabilities of this process; it never gives up or gains any."""
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        lines = status.read().splitlines()
    for line in lines:
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


def reproduce(old: Facts, directory: Facts | None, wanted: Attributes | None, fd: int, directory_fd: int) -> None:
    """Give the new file ``fd``, whose bytes are written, the owner and mode of ``old`` and the attributes ``wanted``.

    ``wanted`` is None where they could not be read. Raises NotReproducible when any of them cannot be had exactly.
    """
    if wanted is None:
        raise NotReproducible("its extended attributes cannot be read")
    born_so = _is_born_so(old, directory)
    try:
        if not born_so:
            _give_away(fd, old)
        _set(fd, old, wanted)
        new = old if born_so else mounts.facts(fd, fd)
        flags = _flags(fd) if any(wanted.flags) or _gives_flags(directory_fd, directory) else wanted.flags
    except OSError as error:
        raise NotReproducible(
            f"its owner, mode or attributes cannot be given to a new file: {error.strerror}"
        ) from error
    if (new.uid, new.gid, new.mode) != (old.uid, old.gid, old.mode):
        raise NotReproducible("the kernel does not let this process reproduce its owner and mode")
    if flags != wanted.flags:
        raise NotReproducible("a new file here would not have its inode flags or its project (lsattr -p)")


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


def _give_away(fd: int, old: Facts) -> None:
    """First of all: chown(2) clears setuid, setgid and capabilities, and none of these shall be ours for a moment."""
    new = mounts.facts(fd, fd)
    if (new.uid, new.gid) != (old.uid, old.gid):
        os.fchown(fd, old.uid, old.gid)


def _set(fd: int, old: Facts, wanted: Attributes) -> None:
    present = xattrs(fd)
    for name in present.keys() - wanted.xattrs.keys():  # inherited from the directory's default ACL
        os.removexattr(fd, name)
    for name, value in wanted.xattrs.items():
        if present.get(name) != value:
            os.setxattr(fd, name, value)
    os.fchmod(fd, stat.S_IMODE(old.mode))


_without_flags: set[tuple[int, int]] = set()


def _gives_flags(fd: int, directory: Facts | None) -> bool:
    """Whether the directory ``fd`` hands flags or a project down to new files.

    A directory that did not is not asked again, for asking costs a tenth of a save: who changes that while we run,
    means the files that are made from then on.
    """
    if directory is None:
        return True
    if (directory.dev, directory.ino) in _without_flags:
        return False
    if any(_flags(fd)):
        return True
    _without_flags.add((directory.dev, directory.ino))
    return False


class Privileges(NamedTuple):
    """What the kernel takes from a file that is written to (inode(7), capabilities(7))."""

    mode: int
    capability: bytes | None

    @classmethod
    def of(cls, fd: int) -> Privileges:
        """Those of ``fd``."""
        return cls(mounts.facts(fd, fd).mode, capability(fd))

    def are_any(self) -> bool:
        """Whether there is anything to be taken."""
        return bool(self.mode & (stat.S_ISUID | stat.S_ISGID)) or self.capability is not None

    def restore(self, fd: int) -> bool:
        """Give them back; False when that is not allowed to us."""
        try:
            if os.fstat(fd).st_mode != self.mode:
                os.fchmod(fd, stat.S_IMODE(self.mode))
                if os.fstat(fd).st_mode != self.mode:  # without a word, setgid of a group that is not ours
                    return False
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
