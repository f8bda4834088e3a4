"""System calls that Python does not wrap, by number: glibc and musl alike, no wrapper assumed.

The numbers are those of the kernel's own tables: ``arch/x86/entry/syscalls/syscall_64.tbl``,
``include/uapi/asm-generic/unistd.h`` (aarch64, riscv64) and ``arch/arm/tools/syscall.tbl``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from typing import Final, NamedTuple


class Numbers(NamedTuple):
    """The numbers of the calls we make, on one machine."""

    statx: int
    renameat2: int


NUMBERS: Final = {
    "x86_64": Numbers(statx=332, renameat2=316),
    "aarch64": Numbers(statx=291, renameat2=276),
    "riscv64": Numbers(statx=291, renameat2=276),
    "armv7l": Numbers(statx=397, renameat2=382),
    "armv6l": Numbers(statx=397, renameat2=382),
}

_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.restype = ctypes.c_long
# 64-bit file offsets on every machine: glibc calls it fallocate64, musl's fallocate always takes them.
_fallocate = getattr(_libc, "fallocate64", None) or _libc.fallocate
_fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def _numbers() -> Numbers | None:
    machine = platform.machine()
    if machine == "aarch64" and ctypes.sizeof(ctypes.c_void_p) == 4:  # noqa: PLR2004 - a 32-bit process on a 64-bit kernel
        machine = "armv7l"
    elif machine == "x86_64" and ctypes.sizeof(ctypes.c_void_p) == 4:  # noqa: PLR2004 - i386 or x32: not in the table
        return None
    return NUMBERS.get(machine)


HERE: Final = _numbers()


def _failed(path: bytes | str | None = None) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)


def statx(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char]) -> None:
    """``statx(2)`` of what ``fd`` refers to, into ``buffer`` (256 bytes). Raises OSError; ENOSYS where unknown."""
    if HERE is None:
        raise OSError(errno.ENOSYS, "statx: no system call number for this machine")
    at_empty_path = 0x1000
    if _syscall(HERE.statx, fd, b"", at_empty_path, mask, buffer) != 0:
        raise _failed()


def rename_noreplace(directory: int, old: str, new: str) -> None:
    """``renameat2(2)`` with RENAME_NOREPLACE inside one directory. FileExistsError when ``new`` exists.

    Raises OSError EINVAL or ENOSYS where the filesystem or the kernel cannot.
    """
    if HERE is None:
        raise OSError(errno.ENOSYS, "renameat2: no system call number for this machine")
    noreplace = 1
    if _syscall(HERE.renameat2, directory, os.fsencode(old), directory, os.fsencode(new), noreplace) != 0:
        raise _failed(new)


def reserve(fd: int, length: int) -> None:
    """Reserve blocks for the first ``length`` bytes and leave the size as it is: FALLOC_FL_KEEP_SIZE of fallocate(2).

    Raises OSError: ENOSPC, EDQUOT; EOPNOTSUPP where the filesystem has no reservations.
    """
    keep_size = 1
    while _fallocate(fd, keep_size, 0, length) != 0:
        if ctypes.get_errno() != errno.EINTR:
            raise _failed()
