"""Checkpoints of the log, on a thread and a connection of their own, so that no save pays for one.

SQLite's own would make the commit that fills the log's thousandth page copy all of them. A passive checkpoint holds up
neither readers nor writers (sqlite.org/c3ref/wal_checkpoint_v2.html).
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

from confkeep.history import opening
from confkeep.history.background import Background

if TYPE_CHECKING:
    from pathlib import Path

#: Commits after which the log is copied: of a usual save, about SQLite's own thousand pages.
_COMMITS: Final = 256
#: Or so many bytes by which it has grown; it does not shrink, for to write over it again is cheaper.
_GROWTH: Final = 4 << 20
#: A log that has become so long although it is copied: writers never let it begin anew, for a passive checkpoint is
#: complete only when all of it is copied. Then they wait once for the few pages since (bytes, milliseconds).
_TOO_LONG: Final = 16 << 20
_PATIENCE: Final = 200


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
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            if self._log_size() > _TOO_LONG:
                connection.execute(f"PRAGMA busy_timeout={_PATIENCE}")
                connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        self._size = self._log_size()

    def close(self) -> None:
        """End the thread."""
        self._thread.close()
