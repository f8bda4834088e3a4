"""The log of the history after a flush of it has failed.

The kernel counts pages that it could not write as clean. SQLite goes on behind them, and fsync says "ok"; but on the
disk the log's chain of checksums ends before them, and with it all that was promised since (measured on ext4, xfs,
btrfs). So the whole log is written once more, while nobody else may write it, and read back from the disk.
"""

from __future__ import annotations

import errno
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from confkeep.history.opening import NAME

if TYPE_CHECKING:
    from pathlib import Path


_PIECE: Final = 1 << 20


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
        wanted = _write_again(fd)
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        if _digest(fd) != wanted:
            raise OSError(errno.EIO, "the disk does not hold what was written")
    finally:
        os.close(fd)


def _write_again(fd: int) -> bytes:
    """Piece by piece: a log may be long, and memory short. The digest of all of it."""
    digest, at = sha256(), 0
    while piece := os.pread(fd, _PIECE, at):
        os.posix_fadvise(fd, at, len(piece), os.POSIX_FADV_DONTNEED)
        written = os.pwrite(fd, piece, at)
        digest.update(piece[:written])
        at += written
    return digest.digest()


def _digest(fd: int) -> bytes:
    digest, at = sha256(), 0
    while piece := os.pread(fd, _PIECE, at):
        digest.update(piece)
        at += len(piece)
    return digest.digest()
