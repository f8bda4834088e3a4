"""Checkpoints of the log, on a thread and a connection of their own, so that no save pays for one.

SQLite's own would make the commit that fills the log's thousandth page copy all of them. A passive checkpoint holds up
neither readers nor writers (sqlite.org/c3ref/wal_checkpoint_v2.html).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from confkeep.history import opening
from confkeep.history.background import Background

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

#: Commits after which the log is copied: a save of 16 KB adds some 60 KB to it.
_COMMITS: Final = 64
#: Or so many bytes by which it has grown; it does not shrink, for to write over it again is cheaper.
_GROWTH: Final = 4 << 20
#: So long the log is made at once, with zeros, at which SQLite stops reading it. A commit that makes it longer has the
#: filesystem flush its own journal too: 580 us for 16 KB on ext4, against 230 us where blocks are there (measured).
_ROOM: Final = 6 << 20
#: A log with so many pages begins anew only when all of it is copied, which savers who never rest do not let happen:
#: then they wait for the few pages since, and as long as that for whoever reads (milliseconds).
_PAGES: Final = 512
_PATIENCE: Final = 50
#: After so many commits: who saves one file and ends need not pay for it.
_MANY: Final = 4


class Checkpoints:
    """Of the store at ``path``."""

    def __init__(self, path: Path) -> None:
        """Nothing runs before there is something to do."""
        self._path = path
        self._log = f"{path}-wal"
        self._commits = 0
        self._size = 0
        self._thread = Background(self._checkpoint, "confkeep-checkpoint")

    def consider(self) -> None:
        """There was a commit. How many there were need not be exact: threads do not wait for each other here."""
        self._commits += 1
        if self._size == 0 and self._commits == _MANY:
            self._thread.wake()
        if self._commits >= _COMMITS or (self._commits % 8 == 0 and self._log_size() - self._size >= _GROWTH):
            self._commits = 0
            self._thread.wake()

    def _log_size(self) -> int:
        try:
            return os.stat(self._log).st_size
        except OSError:
            return 0

    def _checkpoint(self) -> None:
        # Where it fails (a full disk), the log grows, and the next one tries again.
        with suppress(sqlite3.Error), closing(opening.connect(self._path)) as connection:
            _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if pages >= _PAGES:
                connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            with suppress(OSError), _only_writer(connection):
                _make_room(self._log)
        self._size = self._log_size()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()


@contextmanager
def _only_writer(connection: sqlite3.Connection) -> Generator[None]:
    """Nobody else, in no process, adds to the log meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _make_room(log: str) -> None:
    """Lengthen ``log`` with zeros; on a full disk it stays as it is. To open and close it harms no lock: renewal.py."""
    with open(log, "ab", buffering=0) as file:
        size = file.tell()
        zeros = memoryview(bytes(max(0, _ROOM - size)))
        try:
            while zeros:
                zeros = zeros[file.write(zeros) :]
        except OSError:
            file.truncate(size)
            raise
