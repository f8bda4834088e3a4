"""A damaged store is set aside, and a new one begins with the unsettled saves that can still be read of it.

The new one is made whole under another name first. From the moment it is called ``history.db.next-TIME`` the exchange
is decided, and whoever opens the store next completes it: a crash loses no intent.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.etag import version_of
from confkeep.history import contents, revisions
from confkeep.history.contents import Damaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.etag import Version

_FLOCK: Final = struct.Struct("hhqqixxxx")  # struct flock of fcntl(2) on 64-bit Linux
_SHARED_BY_ALL: Final = 128  # the byte of the -shm file that every user of a store locks (SQLite's UNIX_SHM_DMS)
_LOG: Final = ("-wal", "-shm")
_COPIED: Final = "id, size, time, state, origin, uid, message, request"
_REVISION: Final = f"path, hash, revisions.{_COPIED}"
_INTENT: Final = "revision, batch, back, dev, ino, mount_root, old_hash, route"


@dataclass(frozen=True, slots=True)
class Damage:
    """``aside`` is where the damaged store is now. ``kept``: files whose unsettled saves were carried over.

    ``lost``: what is known of those that could not be read.
    """

    reason: str
    aside: Path
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


class _Revision(NamedTuple):
    row: tuple[object, ...]
    path: bytes
    content: Version | None


class _Save(NamedTuple):
    """An open intent, its revision, and the revision whose content was there before."""

    intent: tuple[object, ...]
    new: _Revision
    old: _Revision | None


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the store itself is at fault, not its disk, its permissions or its lock."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return isinstance(error, Damaged) or name.startswith("SQLITE_CORRUPT") or name == "SQLITE_NOTADB"


def is_in_use(path: Path) -> bool:
    """Whether another process has the store open.

    Ask only once it is given up: to close this descriptor drops the locks that this process has on the same file.
    """
    try:
        fd = os.open(f"{path}-shm", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _SHARED_BY_ALL, 1, 0)
        return bool(_FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, request))[0] != fcntl.F_UNLCK)
    finally:
        os.close(fd)


def replace(path: Path, reason: str, make: Callable[[Path], sqlite3.Connection]) -> Damage:
    """Set the damaged store ``path`` aside for one that ``make`` makes, with what could be read of its open intents.

    Nobody else uses the store, and the caller has its directory's lock. Raises OSError and sqlite3.Error.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    saves, lost, newest = _salvage(path)
    making = path.with_name(f"{path.name}.making")
    for left in (making, *(Path(f"{making}{suffix}") for suffix in _LOG)):
        left.unlink(missing_ok=True)
    with closing(make(making)) as connection:
        with suppress(PermissionError):  # its owner shall be able to use the new one, whoever found the damage
            os.chown(making, path.stat().st_uid, path.stat().st_gid)
        _bring_in(connection, saves, newest)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        # One file, without a log beside it, is what can be renamed.
        connection.execute("PRAGMA journal_mode=DELETE")
    making.rename(path.with_name(f"{path.name}.next-{stamp}"))
    aside = complete(path)
    if aside is None:
        raise Damaged(f"what was to replace {path} is gone")
    return Damage(reason, aside, tuple(os.fsdecode(save.new.path) for save in saves), tuple(lost))


def complete(path: Path) -> Path | None:
    """Complete an exchange that was decided; where the damaged store is now, None if there was nothing to do."""
    for decided in path.parent.glob(f"{path.name}.next-*"):
        aside = path.with_name(f"{path.name}.corrupt-{decided.name.rpartition('-')[2]}")
        # The log as well, and before the new one comes: SQLite would take it for that one's.
        for suffix in (*_LOG, ""):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
        decided.rename(path)
        return aside
    return None


def _salvage(path: Path) -> tuple[list[_Save], list[str], int]:
    """The open intents, what is known of those that cannot be read, and the highest number in use."""
    saves: list[_Save] = []
    lost: list[str] = []
    newest = 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            numbers = [number for (number,) in connection.execute("SELECT revision FROM intents ORDER BY revision")]
            for number in numbers:
                try:
                    saves.append(_save(connection, number))
                except (sqlite3.Error, Damaged):
                    lost.append(f"revision {number} of {_path_of(connection, number)}")
            newest = max([*numbers, _newest(connection)])
    except sqlite3.Error as error:
        lost.append(f"which saves were unsettled cannot be read ({error})")
    return saves, lost, newest


def _save(connection: sqlite3.Connection, number: int) -> _Save:
    intent = connection.execute(f"SELECT {_INTENT} FROM intents WHERE revision = ?", (number,)).fetchone()  # noqa: S608 - our own column names
    new = _revision(connection, "revisions.id = ?", number)
    if new is None:
        raise Damaged(f"revision {number} is missing")
    old_hash = intent[6]
    same = "revisions.file = (SELECT file FROM intents WHERE revision = ?) AND hash = ? ORDER BY revisions.id DESC"
    old = None if old_hash is None else _revision(connection, same, number, old_hash)
    if old_hash is not None and old is None:
        raise Damaged(f"the old content of revision {number} is missing")
    return _Save(intent, new, old)


def _revision(connection: sqlite3.Connection, where: str, *values: object) -> _Revision | None:
    query = f"SELECT {_REVISION} FROM revisions JOIN files ON files.id = revisions.file WHERE {where} LIMIT 1"  # noqa: S608 - our own conditions
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    path, digest, *copied = row
    data = None if digest is None else contents.read(connection, digest)
    if digest is not None and data is None:
        raise Damaged(f"the content of revision {copied[0]} is missing")
    return _Revision(tuple(copied), path, None if data is None else version_of(data))


def _bring_in(connection: sqlite3.Connection, saves: list[_Save], newest: int) -> None:
    """Under the numbers they had; and those of the damaged store are not used again."""
    connection.execute("BEGIN IMMEDIATE")
    for save in saves:
        file = revisions.ensure_file(connection, os.fsdecode(save.new.path))
        for one in (save.old, save.new):
            if one is not None:
                digest = None if one.content is None else contents.write(connection, one.content)
                values = (*one.row, file, digest)
                _insert(connection, "revisions", f"{_COPIED}, file, hash", values)
        _insert(connection, "intents", f"{_INTENT}, file", (*save.intent, file))
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'revisions'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('revisions', ?)", (newest,))
    connection.execute("COMMIT")


def _insert(connection: sqlite3.Connection, table: str, columns: str, values: tuple[object, ...]) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608 - our own names


def _path_of(connection: sqlite3.Connection, number: int) -> str:
    query = "SELECT path FROM intents JOIN files ON files.id = intents.file WHERE intents.revision = ?"
    with suppress(sqlite3.Error):
        for (path,) in connection.execute(query, (number,)):
            return os.fsdecode(path)
    return "a file whose name cannot be read"


def _newest(connection: sqlite3.Connection) -> int:
    try:
        (newest,) = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'revisions'").fetchone()
    except sqlite3.Error:
        return 0
    return newest or 0
