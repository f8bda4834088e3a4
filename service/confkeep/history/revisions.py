"""Revisions: each recorded content of each file. Functions on a store's connection."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from confkeep.errors import NoContent, NotFound, Pruned
from confkeep.history import contents

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

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
    """``time`` in milliseconds since the epoch, ``size`` in bytes, ``etag`` the SHA-256 of the content in hex.

    ``etag`` is None and ``size`` 0 where the revision is a removal of the file.
    """

    id: int
    time: int
    state: State
    origin: Origin
    uid: int | None
    message: str
    request: str
    size: int
    etag: str | None


_ETAG: Final = re.compile("[0-9a-f]{64}")
_COLUMNS: Final = "revisions.id, time, state, origin, uid, message, request, size, hash"


def _revision(row: tuple[int, int, str, str, int | None, str, str, int, bytes | None]) -> Revision:
    number, when, state, origin, uid, message, request, size, digest = row
    etag = None if digest is None else digest.hex()
    return Revision(number, when, State(state), Origin(origin), uid, message, request, size, etag)


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


def add(connection: sqlite3.Connection, file: int, content: Version | None, state: State, author: Author) -> int:
    """Record ``content`` (None: the file is removed); its number. Bytes are stored once for each distinct hash."""
    digest = None if content is None else contents.write(connection, content)
    row = connection.execute(
        "INSERT INTO revisions (file, hash, size, time, state, origin, uid, message, request)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            file,
            digest,
            0 if content is None else len(content.data),
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


def newest(connection: sqlite3.Connection, file: int) -> int:
    """The number of the file's last row, whatever its state; 0 where there is none."""
    (number,) = connection.execute("SELECT max(id) FROM revisions WHERE file = ?", (file,)).fetchone()
    return number or 0


def last(connection: sqlite3.Connection) -> int:
    """The number of the last row of all files; 0 where there is none."""
    (number,) = connection.execute("SELECT max(id) FROM revisions").fetchone()
    return number or 0


def below(connection: sqlite3.Connection, directory: str) -> Iterator[str]:
    """Every file below ``directory`` that the history knows, whether or not it is there."""
    start = os.fsencode(directory.rstrip("/") + "/")
    rows = connection.execute("SELECT path FROM files WHERE path > ? AND path < ?", (start, start[:-1] + b"0"))
    return (os.fsdecode(path) for (path,) in rows)


def note(connection: sqlite3.Connection, file: int, content: Version | None) -> int:
    """The revision that ``content`` is, if it is the newest one; otherwise somebody wrote it behind our back.

    None: the file is not there (any more).
    """
    known = latest(connection, file)
    if known is not None and known.etag == (None if content is None else content.etag):
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


def known(connection: sqlite3.Connection, path: str, etags: Iterable[str]) -> str | None:
    """One of ``etags`` that is of a content that the file once had."""
    return next((etag for etag in etags if knows(connection, path, etag)), None)


def with_etag(connection: sqlite3.Connection, path: str, etag: str) -> Revision | None:
    """The newest revision by which the file had this content."""
    file = file_id(connection, path) if _ETAG.fullmatch(etag) else None
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM revisions"  # noqa: S608 - our own column names
        " WHERE file = ? AND hash = ? AND state = 'applied' ORDER BY revisions.id DESC LIMIT 1",
        (file, bytes.fromhex(etag) if file is not None else b""),
    ).fetchone()
    return None if row is None else _revision(row)


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


def get(connection: sqlite3.Connection, number: int) -> tuple[str, Revision]:
    """One revision and the path of its file. Raises Pruned where it was once there, NotFound."""
    found = find(connection, number)
    if found is not None:
        return found
    (newest,) = connection.execute("SELECT max(id) FROM revisions").fetchone()
    if newest is not None and 0 < number < newest:
        raise Pruned(
            f"revision {number} is no longer kept (or its save failed, and was told so)",
            remedy="the settings keep_revisions, keep_days and keep_bytes of the root say how much is kept",
        )
    raise NotFound(f"there is no revision {number}", remedy="confkeep history lists the revisions of a file")


def data_of(connection: sqlite3.Connection, revision: Revision) -> bytes:
    """The bytes of ``revision``. Raises NoContent where it is a removal, Pruned, contents.Damaged."""
    if revision.etag is None:
        raise NoContent(
            f"revision {revision.id} records that the file was removed: it has no content",
            remedy="take the revision before it",
        )
    data = content(connection, revision.etag)
    if data is None:
        get(connection, revision.id)  # it may have been pruned since
        raise contents.Damaged(f"the content of revision {revision.id} is missing")
    return data


def find(connection: sqlite3.Connection, number: int) -> tuple[str, Revision] | None:
    """One revision and the path of its file."""
    row = connection.execute(
        f"SELECT path, {_COLUMNS} FROM revisions"  # noqa: S608 - our own column names
        " JOIN files ON files.id = revisions.file WHERE revisions.id = ?",
        (number,),
    ).fetchone()
    return None if row is None else (os.fsdecode(row[0]), _revision(row[1:]))


def content(connection: sqlite3.Connection, etag: str | None) -> bytes | None:
    """The bytes with this hash; a removal has none."""
    return None if etag is None else contents.read(connection, bytes.fromhex(etag))
