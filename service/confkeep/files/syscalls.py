"""System calls that Python does not wrap, by number: glibc and musl alike, no wrapper assumed.

The numbers are those of the kernel's own tables: ``arch/x86/entry/syscalls/syscall_64.tbl``,
``include/uapi/asm-generic/unistd.h`` (aarch64, riscv64) and ``arch/arm/tools/syscall.tbl``.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final, NamedTuple


class Numbers(NamedTuple):
    """The numbers of the calls we make, on one machine."""

    statx: int
    renameat2: int
    openat2: int = 437  # on all machines: calls that came since Linux 5.1 have one number everywhere


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
_libc.inotify_add_watch.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
_libc.setfsuid.argtypes = [ctypes.c_uint]
_libc.setfsuid.restype = ctypes.c_uint


def _numbers() -> Numbers | None:
    machine = os.uname().machine
    if machine == "aarch64" and ctypes.sizeof(ctypes.c_void_p) == 4:  # noqa: PLR2004 - a 32-bit process on a 64-bit kernel
        machine = "armv7l"
    elif machine == "x86_64" and ctypes.sizeof(ctypes.c_void_p) == 4:  # noqa: PLR2004 - i386 or x32: not in the table
        return None
    return NUMBERS.get(machine)


HERE: Final = _numbers()
_OPEN_HOW: Final = struct.Struct("=QQQ")  # flags, mode, resolve (include/uapi/linux/openat2.h)
StatxBuffer: Final = ctypes.c_char * 256


def _failed(path: bytes | str | None = None) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)


def statx(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char], name: bytes = b"") -> None:
    """``statx(2)`` into ``buffer`` (256 bytes): of ``fd``, or of ``name`` in the directory ``fd``, no link followed.

    Raises OSError; ENOSYS where unknown.
    """
    if HERE is None:
        raise OSError(errno.ENOSYS, "statx: no system call number for this machine")
    symlink_nofollow, empty_path = 0x100, 0x1000
    if _syscall(HERE.statx, fd, name, symlink_nofollow if name else empty_path, mask, buffer) != 0:
        raise _failed()


def openat2(directory: int, path: str, flags: int, resolve: int) -> int:
    """``openat2(2)`` of ``path`` as seen from ``directory``: a new descriptor. ``resolve``: RESOLVE_*.

    Raises OSError; ENOSYS where unknown (before Linux 5.6), EPERM where a seccomp profile refuses it.
    """
    if HERE is None:
        raise OSError(errno.ENOSYS, "openat2: no system call number for this machine")
    how = _OPEN_HOW.pack(flags, 0, resolve)
    fd = _syscall(HERE.openat2, directory, os.fsencode(path), how, ctypes.c_size_t(len(how)))
    if fd < 0:
        raise _failed(path)
    return int(fd)


def rename_noreplace(directory: int, old: str, new: str) -> None:
    """``renameat2(2)`` with RENAME_NOREPLACE inside one directory. FileExistsError when ``new`` exists.

    Raises OSError EINVAL or ENOSYS where the filesystem or the kernel cannot.
    """
    _renameat2(directory, old, new, 1)


def rename_exchange(directory: int, one: str, other: str) -> None:
    """``renameat2(2)`` with RENAME_EXCHANGE: both names stay, each leads to what the other led to.

    Raises OSError EINVAL or ENOSYS where the filesystem or the kernel cannot.
    """
    _renameat2(directory, one, other, 2)


def _renameat2(directory: int, old: str, new: str, flags: int) -> None:
    if HERE is None:
        raise OSError(errno.ENOSYS, "renameat2: no system call number for this machine")
    if _syscall(HERE.renameat2, directory, os.fsencode(old), directory, os.fsencode(new), flags) != 0:
        raise _failed(new)


def reserve(fd: int, offset: int, length: int) -> None:
    """Reserve blocks for ``length`` bytes from ``offset`` and leave the size as it is: FALLOC_FL_KEEP_SIZE.

    Raises OSError: ENOSPC, EDQUOT; EOPNOTSUPP where the filesystem has no reservations (fallocate(2)).
    """
    _fallocate_mode(fd, 0x01, offset, length)


def unshare(fd: int, length: int) -> None:
    """Reserve as above from 0, and give ``fd`` blocks of its own where it shares them: FALLOC_FL_UNSHARE_RANGE."""
    _fallocate_mode(fd, 0x41, 0, length)


def _fallocate_mode(fd: int, mode: int, offset: int, length: int) -> None:
    while _fallocate(fd, mode, offset, length) != 0:
        if ctypes.get_errno() != errno.EINTR:
            raise _failed()


def filesystem_type(fd: int) -> int:
    """``f_type`` of fstatfs(2): the filesystem's magic number (linux/magic.h). The first word on every machine."""
    buffer = (ctypes.c_ulong * 64)()
    if _libc.fstatfs(fd, buffer) != 0:
        raise _failed()
    return buffer[0] & 0xFFFFFFFF


def syncfs(fd: int) -> None:
    """``syncfs(2)``: flush the whole filesystem of ``fd``.

    Raises OSError when writing anything back has failed since ``fd`` was opened; before Linux 5.8 it never does.
    """
    if _libc.syncfs(fd) != 0:
        raise _failed()


def set_filesystem_user(uid: int) -> int:
    """``setfsuid(2)`` of the calling thread alone; who it was before. It cannot fail, only do nothing."""
    return int(_libc.setfsuid(uid))


def inotify_init() -> int:
    """``inotify_init1(2)``: a new descriptor, which never blocks.

    Raises OSError EMFILE: the user has ``fs.inotify.max_user_instances`` of them.
    """
    fd = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
    if fd < 0:
        raise _failed()
    return fd


def inotify_add_watch(fd: int, path: str, mask: int) -> int:
    """``inotify_add_watch(2)``: the number of the watch, which is the same for each name of one inode.

    Raises OSError; ENOSPC: the user has ``fs.inotify.max_user_watches`` of them.
    """
    number = int(_libc.inotify_add_watch(fd, os.fsencode(path), mask))
    if number < 0:
        raise _failed(path)
    return number


def inotify_rm_watch(fd: int, number: int) -> None:
    """``inotify_rm_watch(2)``. Raises OSError EINVAL where the kernel has removed it already."""
    if _libc.inotify_rm_watch(fd, number) != 0:
        raise _failed()
