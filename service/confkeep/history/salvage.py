"""What can still be read of the unsettled saves of a damaged store, and how it comes into a new one."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.etag import version_of
from confkeep.history import contents, revisions
from confkeep.history.contents import Damaged

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.etag import Version

_COPIED: Final = "id, size, time, state, origin, uid, message, request"
_REVISION: Final = f"path, hash, revisions.{_COPIED}"
_INTENT: Final = "revision, batch, back, dev, ino, mount_root, old_hash, route"


class _Revision(NamedTuple):
    row: tuple[object, ...]
    path: bytes
    content: Version | None


class _Save(NamedTuple):
    """An open intent, its revision, and the revision whose content was there before."""

    intent: tuple[object, ...]
    new: _Revision
    old: _Revision | None


@dataclass(slots=True)
class Salvage:
    """The saves, what is known of those that cannot be read, and the highest number in use."""

    saves: list[_Save] = field(default_factory=list[_Save])
    lost: list[str] = field(default_factory=list[str])
    newest: int = 0

    def paths(self) -> tuple[str, ...]:
        """The files of the saves."""
        return tuple(os.fsdecode(save.new.path) for save in self.saves)


def read(path: Path) -> Salvage:
    """What can be read of the open intents of the store ``path``, whatever is damaged in it."""
    found = Salvage()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            numbers = [number for (number,) in connection.execute("SELECT revision FROM intents ORDER BY revision")]
            for number in numbers:
                try:
                    found.saves.append(_save(connection, number))
                except (sqlite3.Error, Damaged):
                    found.lost.append(f"revision {number} of {_path_of(connection, number)}")
            found.newest = max([*numbers, _newest(connection)])
    except sqlite3.Error as error:
        found.lost.append(f"which saves were unsettled cannot be read ({error})")
    return found


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
    """Without any index, which may be what is damaged."""
    query = (
        f"SELECT {_REVISION} FROM revisions NOT INDEXED JOIN files ON files.id = revisions.file WHERE {where} LIMIT 1"  # noqa: S608 - our own conditions
    )
    row = connection.execute(query, values).fetchone()
    if row is None:
        return None
    path, digest, *copied = row
    return _Revision(tuple(copied), path, None if digest is None else version_of(_content(connection, digest)))


def _content(connection: sqlite3.Connection, digest: bytes) -> bytes:
    """By its index, and if that is damaged by looking through all of them."""
    with suppress(sqlite3.Error):
        data = contents.read(connection, digest)
        if data is not None:
            return data
    query = "SELECT bytes, packed FROM contents NOT INDEXED WHERE hash = ?"
    for stored, packed in connection.execute(query, (digest,)):
        data = contents.unpack(stored, packed)
        if version_of(data).etag == digest.hex():
            return data
    raise Damaged(f"the content {digest.hex()} is missing")


def write(connection: sqlite3.Connection, found: Salvage) -> None:
    """Record it in a new store, under the numbers it had; those of the damaged one are not used again."""
    connection.execute("BEGIN IMMEDIATE")
    for save in found.saves:
        file = revisions.ensure_file(connection, os.fsdecode(save.new.path))
        for one in (save.old, save.new):
            if one is not None:
                digest = None if one.content is None else contents.write(connection, one.content)
                values = (*one.row, file, digest)
                _insert(connection, "revisions", f"{_COPIED}, file, hash", values)
        _insert(connection, "intents", f"{_INTENT}, file", (*save.intent, file))
    connection.execute("DELETE FROM sqlite_sequence WHERE name = 'revisions'")
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('revisions', ?)", (found.newest,))
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
