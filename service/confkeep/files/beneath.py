"""The directories of a path below a root in one system call: openat2(2), which leaves the root by no link.

It says where a path leads, never what is wrong: where it is refused or fails for whatever reason, files/walk.py
goes component by component. So both ways have one set of errors.
"""

from __future__ import annotations

import errno
import os
from functools import cache
from typing import Final

from confkeep.files import syscalls

_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH (openat2(2)). No RESOLVE_NO_XDEV: nested mounts are what confkeep exists for.
_RESOLVE: Final = 0x02 | 0x08
#: How often EAGAIN is asked again: a rename somewhere came between the kernel and its ``..`` (openat2(2)).
ATTEMPTS: Final = 4


def open_directory(root: str, names: list[str]) -> int | None:
    """Descriptor (O_PATH) of the directory that ``names`` lead to below ``root``; None where a walk has to tell.

    No link leads it out of the root, and absolute and magic links lead it nowhere. The caller closes it.
    """
    if names and refused():
        return None
    try:
        base = os.open(root, _DIRECTORY)
    except OSError:
        return None
    if not names:
        return base
    try:
        return _below(base, "/".join(names))
    finally:
        os.close(base)


def _below(base: int, path: str) -> int | None:
    for _ in range(ATTEMPTS):
        try:
            return syscalls.openat2(base, path, _DIRECTORY, _RESOLVE)
        except OSError as error:
            if error.errno != errno.EAGAIN:
                return None
    return None


@cache
def refused() -> bool:
    """Whether this process may not make the call at all: ENOSYS (an old kernel), EPERM (an old seccomp profile).

    Asked once, of no directory; any other answer (EBADF) means that the call is there.
    """
    try:
        syscalls.openat2(-1, ".", _DIRECTORY, _RESOLVE)
    except OSError as error:
        return error.errno in {errno.ENOSYS, errno.EPERM}
    return False
