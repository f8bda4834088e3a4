"""What a route did, and how its writes can end other than well."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError, IoError, OutOfSpace

if TYPE_CHECKING:
    from collections.abc import Generator

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Written:
    """What was really had of the route's guarantees; ``notes`` says why something was not."""

    reader_atomic: bool = True
    compare_and_swap: bool = True
    metadata_kept: bool = True
    notes: tuple[str, ...] = field(default=())
    #: Seconds from the first try for a lease until it was held; 0.0 where none was taken.
    waited: float = 0.0


class Unsettled(Exception):
    """The target may be neither wholly old nor wholly new on the disk: its intent must stay open."""

    def __init__(self, detail: str, cause: OSError) -> None:
        super().__init__(detail)
        self.detail = detail
        self.cause = cause


def failure(error: OSError, path: str, what: str, fd: int | None = None, needed: int = 0) -> ConfkeepError:
    """The named error for ``error``, after which the old content of ``path`` is intact.

    ``fd`` is on the filesystem that was to hold ``needed`` more bytes; what was reserved has been given back.
    """
    if error.errno in _FULL:
        missing, members = _missing(error, fd, needed)
        return OutOfSpace(
            f"{what} {path}: {error.strerror}{missing}; the old content is intact",
            remedy="free some space on the filesystem that holds the file (or raise the quota), then save again",
            **members,
        )
    return IoError(
        f"{what} {path}: {error.strerror} ({errno.errorcode.get(error.errno or 0, error.errno)}); "
        "the old content is intact",
        remedy="look at the kernel log (dmesg) for errors of the disk",
    )


def _missing(error: OSError, fd: int | None, needed: int) -> tuple[str, dict[str, int]]:
    """How much was missing, in words and bytes. What is free to ordinary users counts; the rest is the superuser's."""
    if fd is None:
        return "", {}
    found = os.fstatvfs(fd)
    block = found.f_frsize or 512
    needed = -(-needed // block) * block
    free = found.f_bavail * block
    if error.errno == errno.EDQUOT:
        return f": {needed} bytes are needed and the quota has less", {"needed": needed}
    if found.f_files and not found.f_favail:
        return ": no inode is left", {"needed": needed, "free": free}
    if free >= needed:
        words = f": {needed} bytes are needed; {free} are free, but the filesystem keeps them for itself"
        return words, {"needed": needed, "free": free}
    missing = needed - free
    words = f": {needed} bytes are needed, {free} are free, {missing} are missing"
    return words, {"needed": needed, "free": free, "missing": missing}


def write_all(fd: int, data: bytes) -> None:
    """Write ``data`` from the start of ``fd``; a short write is continued."""
    view = memoryview(data)
    offset = 0
    while offset < len(view):
        offset += os.pwrite(fd, view[offset:], offset)


def sync_directory(fd: int) -> None:
    """Flush a directory; a filesystem that has no such thing answers EINVAL (fsync(2)), and that is its best."""
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


@contextmanager
def named_failures(path: str, what: str) -> Generator[None]:
    """Nothing is written inside the ``with``: an OSError there leaves it as OutOfSpace or IoError (``failure``)."""
    try:
        yield
    except OSError as error:
        raise failure(error, path, what) from error
