"""What a route did, and how its writes can end other than well."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import Final

from confkeep.errors import ConfkeepError, IoError, OutOfSpace

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Written:
    """What was really had of the route's guarantees; ``notes`` says why something was not."""

    reader_atomic: bool = True
    compare_and_swap: bool = True
    metadata_kept: bool = True
    notes: tuple[str, ...] = field(default=())


class Unsettled(Exception):
    """The target may be neither wholly old nor wholly new on the disk: its intent must stay open."""

    def __init__(self, detail: str, cause: OSError) -> None:
        super().__init__(detail)
        self.detail = detail
        self.cause = cause


def failure(error: OSError, path: str, what: str) -> ConfkeepError:
    """The named error for ``error``, after which the old content of ``path`` is intact."""
    if error.errno in _FULL:
        return OutOfSpace(
            f"{what} {path}: {error.strerror}; the old content is intact",
            remedy="free some space on the filesystem that holds the file (or raise the quota), then save again",
        )
    return IoError(
        f"{what} {path}: {error.strerror} ({errno.errorcode.get(error.errno or 0, error.errno)}); "
        "the old content is intact",
        remedy="look at the kernel log (dmesg) for errors of the disk",
    )


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
