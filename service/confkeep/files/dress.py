"""What a new folder is besides its contents: that of the folder it replaces, or what mkdir(2) would have given it."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.files import metadata

if TYPE_CHECKING:
    from confkeep.files.mounts import Facts
    from confkeep.files.place import Place

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Closed to others, and marked: any chmod by who fills the folder takes the sticky bit away, and is then respected.
CLOSED: Final = 0o1700
_PERMISSIONS: Final = 0o1777
_DEFAULT_ACL: Final = "system.posix_acl_default"
_ACCESS_ACL: Final = "system.posix_acl_access"
_EVERYTHING: Final = 0o777


def prepare(fd: int, place: Place) -> None:
    """Let what is created in ``fd`` inherit what it would in the folder at ``place``: group and default ACL."""
    with suppress(OSError):  # nothing there, or nothing that we may read or give: only publishing tells
        old = os.open(place.name, _DIRECTORY, dir_fd=place.parent)
        try:
            found = os.fstat(old)
            inherited, wanted = metadata.xattrs(fd).get(_DEFAULT_ACL), metadata.xattrs(old).get(_DEFAULT_ACL)
            if wanted is not None:
                os.setxattr(fd, _DEFAULT_ACL, wanted)
            elif inherited is not None:
                os.removexattr(fd, _DEFAULT_ACL)
            if found.st_mode & stat.S_ISGID:
                os.fchown(fd, -1, found.st_gid)
            os.fchmod(fd, CLOSED | found.st_mode & stat.S_ISGID)
        finally:
            os.close(old)


def as_new(fd: int, directory: int) -> None:
    """What mkdir(2) with 0777 gives in ``directory``: its default ACL, or what the umask leaves. Raises OSError."""
    mode = os.fstat(fd).st_mode
    if mode & _PERMISSIONS != CLOSED:
        return  # who filled it has said what it shall be
    acl = metadata.xattrs(directory).get(_DEFAULT_ACL)
    if acl is not None:
        os.fchmod(fd, mode & ~stat.S_ISVTX)
        os.setxattr(fd, _ACCESS_ACL, acl)
    else:
        os.fchmod(fd, _EVERYTHING & ~_umask() | mode & stat.S_ISGID)


def _umask() -> int:
    """Out of /proc: umask(2) can only be asked by changing it, for all threads. Before Linux 4.7: the closed one."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("Umask:"):
            return int(line.split()[1], 8)
    return 0o077


def like(fd: int, directory: int, name: str, found: Facts) -> str | None:
    """Give ``fd`` what the folder ``name`` is, which is ``found``; what was lost, if anything."""
    wanted = _attributes(directory, name)
    try:
        metadata.reproduce(found, None, wanted, fd, directory)
    except metadata.NotReproducible as error:
        _nearly(fd, found, wanted)
        return f"owner, mode or attributes of the old folder were not all kept: {error}"
    return None


def _attributes(directory: int, name: str) -> metadata.Attributes | None:
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=directory)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise
        return None
    try:
        return metadata.attributes(fd)
    except OSError:
        return None
    finally:
        os.close(fd)


def _nearly(fd: int, found: Facts, wanted: metadata.Attributes | None) -> None:
    """As much of it as can be had, and nobody may do more than before: another group gets what all others have."""
    with suppress(OSError):
        os.fchown(fd, -1, found.gid)
    for name, value in (wanted.xattrs if wanted else {}).items():
        with suppress(OSError):
            os.setxattr(fd, name, value)
    mode, kept = stat.S_IMODE(found.mode), os.fstat(fd).st_gid == found.gid
    if not kept:
        mode &= ~(stat.S_ISGID | stat.S_IRWXG) | (mode & stat.S_IRWXO) << 3
    with suppress(OSError):
        os.fchmod(fd, mode)
