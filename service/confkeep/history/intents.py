"""Intents: saves that have been promised and are not yet settled. Functions on a store's connection.

I1: a target changes only while a durable intent for it exists. I2: an intent is closed only after the target was
flushed while whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.history import revisions
from confkeep.history.revisions import State

if TYPE_CHECKING:
    import sqlite3

    from confkeep.etag import Version
    from confkeep.history.revisions import Author


@dataclass(frozen=True, slots=True)
class Intent:
    """``old`` is None where the file did not exist; ``identity`` is (device, inode) as seen before the save."""

    revision: int
    path: str
    identity: tuple[int, int] | None
    mount_root: bool
    old: bytes | None
    new: bytes
    route: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What is about to be done to the file at ``path``."""

    path: str
    identity: tuple[int, int] | None
    mount_root: bool
    old: Version | None
    new: Version
    route: str
    author: Author


def promise(connection: sqlite3.Connection, wanted: Promise) -> int:
    """Record the old content (if history does not have it), the new one and the intent; the new revision's number.

    The caller commits durably before it touches the target.
    """
    file = revisions.ensure_file(connection, wanted.path)
    if wanted.old is not None:
        revisions.note(connection, file, wanted.old)
    number = revisions.add(connection, file, wanted.new, State.PROMISED, wanted.author)
    dev, ino = wanted.identity or (None, None)
    connection.execute(
        "INSERT INTO intents (revision, file, dev, ino, mount_root, old_hash, route) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            file,
            _signed(dev),
            _signed(ino),
            wanted.mount_root,
            None if wanted.old is None else bytes.fromhex(wanted.old.etag),
            wanted.route,
        ),
    )
    return number


def close(connection: sqlite3.Connection, revision: int, state: State) -> None:
    """The save of ``revision`` is settled: it was ``applied``, or ``abandoned`` with the old content in place."""
    connection.execute("UPDATE revisions SET state = ? WHERE id = ?", (state.value, revision))
    connection.execute("DELETE FROM intents WHERE revision = ?", (revision,))


def withdraw(connection: sqlite3.Connection, revision: int) -> None:
    """The save of ``revision`` failed before it changed anything, and its caller knows: it leaves no trace."""
    connection.execute("DELETE FROM intents WHERE revision = ?", (revision,))
    row = connection.execute("DELETE FROM revisions WHERE id = ? RETURNING hash", (revision,)).fetchone()
    connection.execute(
        "DELETE FROM contents WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM revisions WHERE hash = ?1)", row
    )


_OPEN: Final = (
    "SELECT intents.revision, files.path, dev, ino, mount_root, route, new.bytes, old.bytes FROM intents"
    " JOIN files ON files.id = intents.file"
    " JOIN revisions ON revisions.id = intents.revision"
    " JOIN contents AS new ON new.hash = revisions.hash"
    " LEFT JOIN contents AS old ON old.hash = intents.old_hash"
)


def take_other_route(connection: sqlite3.Connection, revision: int, route: str) -> None:
    """The save of ``revision`` goes by another route than was promised: what a crash can leave depends on it."""
    connection.execute("UPDATE intents SET route = ? WHERE revision = ?", (route, revision))


def is_open(connection: sqlite3.Connection, revision: int) -> bool:
    """Whether the save of ``revision`` is still unsettled."""
    return connection.execute("SELECT 1 FROM intents WHERE revision = ?", (revision,)).fetchone() is not None


def unsettled(connection: sqlite3.Connection) -> list[Intent]:
    """All open intents, oldest first."""
    return [_intent(row) for row in connection.execute(f"{_OPEN} ORDER BY intents.revision")]


def numbers_of(connection: sqlite3.Connection, path: str, identity: tuple[int, int] | None) -> list[int]:
    """Revisions whose open intents concern the file at ``path``, by that name or by another name of its inode."""
    dev, ino = identity or (None, None)
    rows = connection.execute(
        "SELECT revision FROM intents WHERE file = (SELECT id FROM files WHERE path = ?) OR (dev = ? AND ino = ?)"
        " ORDER BY revision",
        (os.fsencode(path), _signed(dev), _signed(ino)),
    )
    return [int(row[0]) for row in rows]


def unsettled_by(connection: sqlite3.Connection, revision: int) -> Intent | None:
    """The open intent of this revision."""
    row = connection.execute(f"{_OPEN} WHERE intents.revision = ?", (revision,)).fetchone()
    return None if row is None else _intent(row)


def unsettled_of(connection: sqlite3.Connection, path: str) -> Intent | None:
    """The open intent of the file at ``path``."""
    row = connection.execute(f"{_OPEN} WHERE files.path = ?", (os.fsencode(path),)).fetchone()
    return None if row is None else _intent(row)


def _intent(row: tuple[int, bytes, int | None, int | None, int, str, bytes, bytes | None]) -> Intent:
    revision, path, dev, ino, mount_root, route, new, old = row
    return Intent(
        revision=revision,
        path=os.fsdecode(path),
        identity=None if dev is None or ino is None else (_unsigned(dev), _unsigned(ino)),
        mount_root=bool(mount_root),
        old=old,
        new=new,
        route=route,
    )


def _signed(number: int | None) -> int | None:
    """SQLite's integers are signed, inode numbers (FUSE, xfs) may use all 64 bits."""
    return number if number is None or number < 1 << 63 else number - (1 << 64)


def _unsigned(number: int) -> int:
    return number % (1 << 64)
