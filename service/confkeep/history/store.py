"""The store: one SQLite file, WAL, synchronous=FULL, opened by every thread through one lock.

DELETE mode loses acknowledged commits (36 of 1,358 crash states), WAL with synchronous=NORMAL more
(1,029 of 1,771), WAL with FULL none (0 of 2,571). A commit costs one fsync.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.errors import IoError, JournalUnavailable, OutOfSpace
from confkeep.history import intents
from confkeep.history.flusher import Flusher
from confkeep.history.revisions import State

if TYPE_CHECKING:
    from collections.abc import Generator

#: PRAGMA user_version of the schema beside this file.
VERSION: Final = 1
_BUSY_SECONDS: Final = 10.0


class Store:
    """History and journal in ``directory`` (made 0700, files 0600).

    Use ``durable()`` for what must be on the disk before the next step, ``soon()`` for what may follow a little later,
    ``reading()`` for the rest. All raise named errors instead of sqlite3's.
    """

    def __init__(self, directory: Path) -> None:
        """Open the store or make a new one. Raises JournalUnavailable naming the reason."""
        self.directory = directory
        self.path = directory / "history.db"
        self._lock = threading.RLock()
        self._settled: list[int] = []
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            for made in (directory, directory.parent):
                _flush_directory(made)
            self._connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            with _alone_in(directory):
                self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise JournalUnavailable(
                f"the history in {directory} cannot be opened: {error}",
                remedy=f"give the user confkeep runs as a writable state directory (--state); is {self.path} damaged?",
            ) from error
        self._flusher = Flusher(self._flush_later)

    def _prepare(self) -> None:
        run = self._connection.execute
        (version,) = run("PRAGMA user_version").fetchone()
        if version == 0:
            run("PRAGMA auto_vacuum=INCREMENTAL")  # must come before the first table, and before WAL
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=FULL")
        run("PRAGMA foreign_keys=ON")
        if version == 0:
            schema = Path(__file__).with_name("schema.sql").read_text("utf-8")
            self._connection.executescript(f"BEGIN IMMEDIATE; {schema} PRAGMA user_version={VERSION}; COMMIT;")
        elif version != VERSION:
            raise sqlite3.DatabaseError(f"its schema has version {version}, this confkeep knows {VERSION}")

    @contextmanager
    def durable(self) -> Generator[sqlite3.Connection]:
        """One transaction that is on the disk when the ``with`` ends."""
        with self._lock:
            with self._transaction("FULL") as connection:
                yield connection
            self._flusher.forget()

    @contextmanager
    def soon(self) -> Generator[sqlite3.Connection]:
        """One transaction that is visible when the ``with`` ends, and on the disk within a second.

        The next durable one takes it along: the log is one sequence.
        """
        with self._transaction("NORMAL") as connection:
            yield connection
        self._flusher.note()

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
        """The connection, for SELECTs; everything that was settled shows."""
        with self._lock:
            if self._settled:
                with suppress(OutOfSpace, IoError), self.soon():
                    pass  # on a full disk it shows a little later
            with self._named_errors():
                yield self._connection

    @contextmanager
    def _transaction(self, synchronous: str) -> Generator[sqlite3.Connection]:
        with self._lock, self._named_errors():
            run = self._connection.execute
            run(f"PRAGMA synchronous={synchronous}")
            run("BEGIN IMMEDIATE")
            try:
                for revision in self._settled:
                    intents.close(self._connection, revision, State.APPLIED)
                yield self._connection
                run("COMMIT")
                self._settled.clear()
            except BaseException:
                if self._connection.in_transaction:
                    run("ROLLBACK")
                raise

    @contextmanager
    def _named_errors(self) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._named(error) from error

    def _named(self, error: sqlite3.Error) -> OutOfSpace | IoError:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_FULL":
            return OutOfSpace(
                f"the history in {self.directory} cannot grow: its disk is full; the file was not touched",
                remedy="free space on the filesystem of the state directory",
            )
        return IoError(
            f"the history in {self.directory} failed: {error} ({name}); the file was not touched",
            remedy="check the disk of the state directory",
        )

    def make_durable(self) -> None:
        """Bring every commit so far to the disk."""
        with self.durable() as connection:
            # A transaction that writes nothing would flush nothing.
            connection.execute(f"PRAGMA user_version={VERSION}")

    def _flush_later(self) -> None:
        """If it fails it is tried again; until then the intent is open on the disk, and recovery would look."""
        try:
            self.make_durable()
        except (OutOfSpace, IoError):
            self._flusher.note()

    def close(self) -> None:
        """Flush and close."""
        self._flusher.close()
        with self._lock:
            self._connection.close()


@contextmanager
def _alone_in(directory: Path) -> Generator[None]:
    """Processes that open one store for the first time queue: making the schema, and WAL, knows no busy timeout."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a filesystem without locks
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _flush_directory(path: Path) -> None:
    """A journal whose directory is gone after a power cut is none. Another user's directory was there before us."""
    with suppress(PermissionError):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
