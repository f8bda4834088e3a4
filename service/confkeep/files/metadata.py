"""Mode, owner and extended attributes (POSIX ACLs and security labels among them) of a file that is replaced."""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from confkeep.files.target import Target

_CAP_CHOWN: Final = 0  # capability.h
_NO_XATTRS: Final = {errno.ENOTSUP, errno.ENOSYS}


class NotReproducible(Exception):
    """A new file cannot be given this metadata, so the file must be written in place."""


def not_reproducible(found: os.stat_result) -> str | None:
    """What a new file of ours could not be given, as far as that can be known without trying."""
    if _may_chown():
        return None
    if found.st_uid != os.geteuid():
        return f"the file belongs to uid {found.st_uid}, and uid {os.geteuid()} cannot give a new file away"
    if found.st_gid != os.getegid() and found.st_gid not in os.getgroups():
        return f"the file belongs to gid {found.st_gid}, of which this process is no member"
    return None


@cache
def _may_chown() -> bool:
    """Whether this process has CAP_CHOWN; it never gives up or gains capabilities."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_CHOWN & 1)
    return False


def reproduce(target: Target, fd: int) -> None:
    """Give the new file ``fd`` the owner, mode and extended attributes of ``target``.

    Raises NotReproducible when any of them cannot be had exactly. Owner first: chown(2) clears setuid and setgid.
    """
    old = target.stat
    if old is None or target.fd is None:
        return
    new = os.fstat(fd)
    try:
        if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
            os.fchown(fd, old.st_uid, old.st_gid)
        _copy_xattrs(f"/proc/self/fd/{target.fd}", fd)
        os.fchmod(fd, stat.S_IMODE(old.st_mode))
        kept = os.fstat(fd)
    except OSError as error:
        raise NotReproducible(
            f"its owner, mode or attributes cannot be given to a new file: {error.strerror}"
        ) from error
    if (kept.st_uid, kept.st_gid, kept.st_mode) != (old.st_uid, old.st_gid, old.st_mode):
        raise NotReproducible("the kernel does not let this process reproduce its owner and mode")


def _copy_xattrs(source: str, fd: int) -> None:
    try:
        wanted = {name: os.getxattr(source, name) for name in os.listxattr(source)}
        present = {name: os.getxattr(fd, name) for name in os.listxattr(fd)}
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return
        raise
    for name in present.keys() - wanted.keys():  # inherited from the directory's default ACL
        os.removexattr(fd, name)
    for name, value in wanted.items():
        if present.get(name) != value:
            os.setxattr(fd, name, value)
