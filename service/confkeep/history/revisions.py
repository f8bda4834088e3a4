"""Revisions: each recorded content of each file. Functions on a store's connection."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import sqlite3

    from confkeep.etag import Version


class State(StrEnum):
    """``promised``: its save is under way (or a crash ended it). ``applied``: it has been the file's content.

    ``abandoned``: a crash ended its save (an edit to be offered again), or left it half written; kept, so that nothing
    is lost.
    """

    PROMISED = "promised"
    APPLIED = "applied"
    ABANDONED = "abandoned"


class Origin(StrEnum):
    """Who made a revision: a client of the daemon, the library, somebody behind our back, or confkeep itself."""

    API = "api"
    LIBRARY = "library"
    EXTERNAL = "external"
    RESTORE = "restore"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Author:
    """What is recorded beside a revision."""

    origin: Origin
    uid: int | None = None
    message: str = ""
    request: str = ""


EXTERNAL: Final = Author(Origin.EXTERNAL)
LIBRARY: Final = Author(Origin.LIBRARY)


@dataclass(frozen=True, slots=True)
class Revision:
    """``time`` in milliseconds since the epoch, ``size`` in bytes, ``etag`` the SHA-256 of the content in hex."""

    id: int
    time: int
    state: State
    origin: Origin
    uid: int | None
    message: str
    request: str
    size: int
    etag: str


_ETAG: Final = re.compile("[0-9a-f]{64}")
_COLUMNS: Final = "revisions.id, time, state, origin, uid, message, request, size, hash"


def _revision(row: tuple[int, int, str, str, int | None, str, str, int, bytes]) -> Revision:
    number, when, state, origin, uid, message, request, size, digest = row
    return Revision(number, when, State(state), Origin(origin), uid, message, request, size, digest.hex())


def file_id(connection: sqlite3.Connection, path: str) -> int | None:
    """The number of the file at ``path``, None where nothing was ever recorded."""
    row = connection.execute("SELECT id FROM files WHERE path = ?", (os.fsencode(path),)).fetchone()
    return None if row is None else int(row[0])


def ensure_file(connection: sqlite3.Connection, path: str) -> int:
    """The number of the file at ``path``, recorded now if it was not."""
    known = file_id(connection, path)
    if known is not None:
        return known
    return _number(connection.execute("INSERT INTO files (path) VALUES (?)", (os.fsencode(path),)))


def add(connection: sqlite3.Connection, file: int, content: Version, state: State, author: Author) -> int:
    """Record ``content``; its number. The bytes are stored once for each distinct hash."""
    digest = bytes.fromhex(content.etag)
    query = "INSERT INTO contents (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING"
    connection.execute(query, (digest, content.data))
    row = connection.execute(
        "INSERT INTO revisions (file, hash, size, time, state, origin, uid, message, request)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            file,
            digest,
            len(content.data),
            time.time_ns() // 1_000_000,
            state.value,
            author.origin.value,
            author.uid,
            author.message,
            author.request,
        ),
    )
    return _number(row)


def _number(inserted: sqlite3.Cursor) -> int:
    """The number of the row just inserted; RETURNING costs five times as much, it builds a table for its answer."""
    if inserted.lastrowid is None:
        raise AssertionError("an INSERT has a row id")
    return inserted.lastrowid


def latest(connection: sqlite3.Connection, file: int) -> Revision | None:
    """The newest content the file is known to have had."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM revisions WHERE file = ? AND state = 'applied' ORDER BY revisions.id DESC LIMIT 1",  # noqa: S608 - our own column names
        (file,),
    ).fetchone()
    return None if row is None else _revision(row)


def note(connection: sqlite3.Connection, file: int, content: Version) -> int:
    """The revision that ``content`` is, if it is the newest one; otherwise somebody wrote it behind our back."""
    known = latest(connection, file)
    if known is not None and known.etag == content.etag:
        return known.id
    return add(connection, file, content, State.APPLIED, EXTERNAL)


def current(connection: sqlite3.Connection, path: str, etag: str) -> int | None:
    """The number of the newest revision, if it is what the file holds now."""
    file = file_id(connection, path)
    known = None if file is None else latest(connection, file)
    return known.id if known is not None and known.etag == etag else None


def knows(connection: sqlite3.Connection, path: str, etag: str, state: State = State.APPLIED) -> bool:
    """Whether the file ever had this content (or, with another ``state``, whether it is recorded so)."""
    if not _ETAG.fullmatch(etag):
        return False
    file = file_id(connection, path)
    query = "SELECT 1 FROM revisions WHERE file = ? AND hash = ? AND state = ? LIMIT 1"
    return (
        file is not None and connection.execute(query, (file, bytes.fromhex(etag), state.value)).fetchone() is not None
    )


def listing(connection: sqlite3.Connection, path: str, limit: int, before: int | None = None) -> list[Revision]:
    """Revisions of the file, newest first, only those with a smaller number than ``before``."""
    file = file_id(connection, path)
    if file is None:
        return []
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM revisions WHERE file = ? AND revisions.id < ? ORDER BY revisions.id DESC LIMIT ?",  # noqa: S608 - our own column names
        (file, before if before is not None else 1 << 62, limit),
    )
    return [_revision(row) for row in rows]


def find(connection: sqlite3.Connection, number: int) -> tuple[str, Revision] | None:
    """One revision and the path of its file."""
    row = connection.execute(
        f"SELECT path, {_COLUMNS} FROM revisions"  # noqa: S608 - our own column names
        " JOIN files ON files.id = revisions.file WHERE revisions.id = ?",
        (number,),
    ).fetchone()
    return None if row is None else (os.fsdecode(row[0]), _revision(row[1:]))


def content(connection: sqlite3.Connection, etag: str) -> bytes | None:
    """The bytes with this hash."""
    row = connection.execute("SELECT bytes FROM contents WHERE hash = ?", (bytes.fromhex(etag),)).fetchone()
    return None if row is None else bytes(row[0])
