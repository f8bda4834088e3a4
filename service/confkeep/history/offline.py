"""Reading a store that others may be using, without writing a byte of its content: for people who look at it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from confkeep.errors import HistoryDamaged, JournalUnavailable, NoPermission, NotFound
from confkeep.history import opening
from confkeep.history.damage import is_damage

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def reading(directory: Path) -> Generator[sqlite3.Connection]:
    """The store in ``directory``, for SELECTs; beside a running daemon, and where the directory is read-only.

    Raises NotFound, NoPermission, JournalUnavailable; HistoryDamaged also for what is found in the ``with``.
    """
    path = directory / opening.NAME
    if not path.exists():
        raise NotFound(f"there is no history in {directory}", remedy="name the daemon's state directory with --state")
    if not os.access(path, os.R_OK):
        raise NoPermission(f"{path} may not be read", remedy="ask as the user that confkeep runs as, or as root")
    try:
        with closing(_connect(path)) as connection:
            yield connection
    except sqlite3.Error as error:
        if is_damage(error):
            raise HistoryDamaged(
                f"the history in {directory} is damaged: {error}",
                remedy="confkeep history verify says how far; the next start of the daemon sets it aside",
            ) from error
        raise JournalUnavailable(
            f"the history in {directory} cannot be read: {error}", remedy="copy the directory and read the copy"
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    """Where nothing can be written SQLite needs to be told that nobody else does, unless there is a log to read."""
    try:
        return _of_our_version(path, "mode=ro")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname != "SQLITE_CANTOPEN" or _has_log(path):
            raise
    return _of_our_version(path, "mode=ro&immutable=1")


def _has_log(path: Path) -> bool:
    try:
        return os.stat(f"{path}-wal").st_size > 0
    except FileNotFoundError:
        return False


def _of_our_version(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != opening.VERSION:
            raise JournalUnavailable(
                f"the history in {path.parent} has schema version {version}, this confkeep knows {opening.VERSION}",
                remedy="an older one is brought to this version by the next start; for a newer one update confkeep",
            )
    except BaseException:
        connection.close()
        raise
    return connection
