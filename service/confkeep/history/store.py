"""The store: one SQLite file, WAL, synchronous=FULL, opened by every thread through one lock.

DELETE mode loses acknowledged commits (36 of 1,358 crash states), WAL with synchronous=NORMAL more
(1,029 of 1,771), WAL with FULL none (0 of 2,571). A commit costs one fsync.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from confkeep.errors import HistoryDamaged, IoError, JournalUnavailable, OutOfSpace
from confkeep.history import intents, opening, renewal
from confkeep.history.checkpoints import Checkpoints
from confkeep.history.damage import is_damage
from confkeep.history.flusher import Flusher
from confkeep.history.group import Group
from confkeep.history.revisions import State

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class Store:
    """History and journal in ``directory`` (made 0700, files 0600).

    Use ``durable()`` for what must be on the disk before the next step, ``soon()`` for what may follow a little later,
    ``reading()`` for the rest. All raise named errors instead of sqlite3's.
    """

    def __init__(self, directory: Path) -> None:
        """Open the store or make a new one. Raises JournalUnavailable naming the reason."""
        self.directory = directory
        self.path = directory / opening.NAME
        self._lock = threading.RLock()
        #: Revisions whose intents are to be closed, and how many of them the open transaction closes.
        self._settled: list[int] = []
        self._closed = 0
        self._doubtful = False
        self._synchronous = ""
        try:
            self._connection, self.damage = opening.open_in(directory)
        except opening.Newer as error:
            raise JournalUnavailable(
                f"the history in {directory} cannot be opened: {error}",
                remedy="use the later confkeep, or another state directory (--state)",
            ) from error
        except opening.InUse as error:
            raise JournalUnavailable(
                f"the history in {directory} cannot be opened: {error}",
                remedy="stop the daemon and whatever else uses this state directory, then start again",
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise JournalUnavailable(
                f"the history in {directory} cannot be opened: {error}",
                remedy="give the user confkeep runs as a writable state directory on a disk with free space (--state)",
            ) from error
        self._group = Group(self._connection, self._lock, self)
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.RLock()
        self._flusher = Flusher(self._flush_later)
        self._checkpoints = Checkpoints(self.path)

    @contextmanager
    def durable(self) -> Generator[sqlite3.Connection]:
        """One transaction that is on the disk when the ``with`` ends. Those of several threads share one flush."""
        with self._named_errors(), self._group.member() as connection:
            yield connection
        self._flusher.forget()
        self._checkpoints.consider()

    @contextmanager
    def soon(self) -> Generator[sqlite3.Connection]:
        """One transaction that is visible when the ``with`` ends, and on the disk within a second.

        The next durable one takes it along: the log is one sequence.
        """
        with self._lock:
            if not self._group.is_open:
                with self._alone() as connection:
                    yield connection
                self._flusher.note()
                self._checkpoints.consider()
                return
        with self.durable() as connection:
            yield connection

    def close_later(self, revision: int) -> None:
        """The save of ``revision`` is flushed: its intent is closed by the next transaction, within a second.

        A later promise therefore cannot be on the disk without the close of an earlier one, and no save pays for it.
        """
        with self._lock:
            self._settled.append(revision)
        self._flusher.note()

    def is_about_to_close(self, revision: int) -> bool:
        """Whether ``close_later`` was called for it and no transaction has come by. Ask inside ``looking``."""
        return revision in self._settled

    @contextmanager
    def looking(self) -> Generator[sqlite3.Connection]:
        """The connection, for SELECTs that know of ``is_about_to_close``."""
        with self._lock, self._named_errors():
            yield self._connection

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """A connection for SELECTs that sees what is committed; everything that was settled shows."""
        if self._settled:
            with suppress(OutOfSpace, IoError), self.soon():
                pass  # on a full disk it shows a little later
        with self._reading, self._named_errors():
            if self._reader is None:
                self._reader = opening.connect(self.path)
            yield self._reader

    @contextmanager
    def apart(self) -> Generator[sqlite3.Connection]:
        """A connection of its own, for SELECTs that take long: nobody waits for them."""
        with self._named_errors(), closing(opening.connect(self.path)) as connection:
            yield connection

    @contextmanager
    def _alone(self) -> Generator[sqlite3.Connection]:
        """A transaction of one, without a flush."""
        with self._named_errors():
            committed = False
            self._begin("NORMAL")
            try:
                self.join()
                yield self._connection
                self._connection.execute("COMMIT")
                committed = True
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                self.end(committed=committed)

    def begin(self) -> None:
        """For the group."""
        self._begin("FULL")

    def _begin(self, synchronous: str) -> None:
        if synchronous != self._synchronous:
            self._connection.execute(f"PRAGMA synchronous={synchronous}")
            self._synchronous = synchronous
        self._connection.execute("BEGIN IMMEDIATE")
        if self._doubtful:
            try:
                renewal.renew(f"{self.path}-wal")
            except OSError as error:
                self._connection.execute("ROLLBACK")
                raise sqlite3.OperationalError(f"its log cannot be brought to the disk: {error.strerror}") from error
            self._doubtful = False

    def doubt(self) -> None:
        """What the log holds may not be on the disk, whatever the next flush says: see renewal.py."""
        self._doubtful = True

    def join(self) -> None:
        """Close what has been settled: a new promise for a target must not meet the last one of it."""
        for revision in self._settled[self._closed :]:
            intents.close(self._connection, revision, State.APPLIED)
            self._closed += 1

    def end(self, *, committed: bool) -> None:
        """For the group."""
        if committed:
            del self._settled[: self._closed]
        self._closed = 0

    @contextmanager
    def _named_errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._named(error) from error

    def _named(self, error: sqlite3.Error) -> OutOfSpace | IoError:
        self.doubt()
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            return OutOfSpace(
                f"the history in {self.directory} cannot grow: its disk is full; the file was not touched",
                remedy="free space on the filesystem of the state directory",
            )
        if is_damage(error):
            opening.mark_suspect(self.directory)
            return HistoryDamaged(
                f"the history in {self.directory} is damaged: {error}; the file was not touched",
                remedy="start confkeep again: it sets this history aside; then look for errors of the disk (dmesg)",
            )
        return IoError(
            f"the history in {self.directory} failed: {error} ({name}); the file was not touched",
            remedy="check the disk of the state directory",
        )

    def make_durable(self) -> None:
        """Bring every commit so far to the disk."""
        with self.durable() as connection:
            # A transaction that writes nothing would flush nothing.
            connection.execute(f"PRAGMA user_version={opening.VERSION}")

    def _flush_later(self) -> None:
        """If it fails it is tried again; until then the intent is open on the disk, and recovery would look."""
        try:
            self.make_durable()
        except (OutOfSpace, IoError):
            self._flusher.note()

    def close(self) -> None:
        """Flush and close."""
        self._flusher.close()
        self._checkpoints.close()
        with self._lock, self._reading:
            if self._reader is not None:
                self._reader.close()
            self._connection.close()
