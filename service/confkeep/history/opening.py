"""Opening a store: made when there is none, brought to this version of the schema, checked, and locked meanwhile."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.history import damage, verify
from confkeep.history.contents import Damaged
from confkeep.history.damage import Damage

if TYPE_CHECKING:
    from collections.abc import Generator

#: PRAGMA user_version of the schema beside this file.
VERSION: Final = 3
NAME: Final = "history.db"
_BUSY_SECONDS: Final = 10.0
_SHOWN: Final = 3
_HERE: Final = Path(__file__).parent


class Newer(sqlite3.DatabaseError):
    """A later confkeep wrote this store; it was not touched."""


class InUse(Damaged):
    """The store is damaged, and others use it; it was not touched."""


class Opened(NamedTuple):
    """An open store; ``damage`` where it is a new one, because the one that was there is damaged."""

    connection: sqlite3.Connection
    damage: Damage | None


def open_in(directory: Path) -> Opened:
    """The store in ``directory`` (made 0700, its files 0600), of this version.

    Raises OSError, sqlite3.Error; Newer, InUse.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / NAME
    with _alone_in(directory):
        aside = damage.complete(path)
        found = None if aside is None else Damage("the start before this one did not end", aside)
        try:
            return Opened(_sound(path), found)
        except sqlite3.DatabaseError as error:
            if not damage.is_damage(error):
                raise
            reason = str(error)
        if damage.is_in_use(path):
            raise InUse(f"it is damaged ({reason}), and other processes use it")
        found = damage.replace(path, reason, _open)
        _suspect(directory).unlink(missing_ok=True)
        return Opened(_open(path), found)


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the store, for any thread; checkpoints are made beside the saves (checkpoints.py)."""
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA wal_autocheckpoint=0")
    return connection


def mark_suspect(directory: Path) -> None:
    """The next start checks the whole store: SQLite, or somebody who looked, has found it damaged."""
    with suppress(OSError):  # nothing can be written there: then no store can be used either
        os.close(os.open(_suspect(directory), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))


def _suspect(directory: Path) -> Path:
    return directory / f"{NAME}.suspect"


def _sound(path: Path) -> sqlite3.Connection:
    """The store, verified as far as a start does it. Raises sqlite3.DatabaseError."""
    connection = _open(path)
    try:
        verify.check_open_intents(connection)
        if _suspect(path.parent).exists():
            found = verify.problems(connection)
            if found:
                raise Damaged("; ".join(found[:_SHOWN]))
            _suspect(path.parent).unlink()
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path) -> sqlite3.Connection:
    _make(path)
    connection = connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise Newer(f"its schema has version {version}, this confkeep knows {VERSION}")
        if version == 0:
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # must come before the first table, and before WAL
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        _migrate(connection, version)
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _make(path: Path) -> None:
    """An empty file that is closed to others.

    Only where there is none: to close any descriptor of a store drops the locks that this process has on it, and
    another process could then remove the log that we write to (sqlite.org/howtocorrupt.html, section 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    for made in (path.parent, path.parent.parent):
        _flush_directory(made)


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    """Each step is one transaction; foreign keys are off, because tables are made anew under them."""
    if version == 0:
        _run(connection, _HERE / "schema.sql", VERSION)
        return
    for step in range(version + 1, VERSION + 1):
        _run(connection, _HERE / "migrations" / f"{step}.sql", step)


def _run(connection: sqlite3.Connection, script: Path, version: int) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE; {script.read_text('utf-8')} PRAGMA user_version={version}; COMMIT;")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


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
