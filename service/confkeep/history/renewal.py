"""The log of the history after a flush of it has failed.

The kernel counts pages that it could not write as clean. SQLite goes on behind them, and fsync says "ok"; but on the
disk the log's chain of checksums ends before them, and with it all that was promised since (measured on ext4, xfs,
btrfs). So the whole log is written once more, while nobody else may write it, and read back from the disk.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from confkeep.history.opening import NAME

if TYPE_CHECKING:
    from pathlib import Path


def has_log(state: Path) -> bool:
    """Whether there is one before a store in ``state`` is opened: its last user has not closed it, or still uses it."""
    return os.path.exists(state / f"{NAME}-wal")


def renew(log: str) -> None:
    """Bring ``log`` to the disk as it can be read now. Call it inside a write transaction. Raises OSError.

    To open and close the log harms no lock of SQLite's: those are on the database and the shared memory.
    """
    try:
        fd = os.open(log, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        data = _all(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        _write(fd, data)
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        if _all(fd) != data:
            raise OSError(errno.EIO, "the disk does not hold what was written")
    finally:
        os.close(fd)


def _all(fd: int) -> bytes:
    data = b""
    while piece := os.pread(fd, 1 << 20, len(data)):
        data += piece
    return data


def _write(fd: int, data: bytes) -> None:
    at = 0
    while at < len(data):
        at += os.pwrite(fd, data[at : at + (1 << 20)], at)
