"""Intents: saves that have been promised and are not yet settled. Functions on a store's connection.

I1: a target changes only while a durable intent for it exists. I2: an intent is closed only after the target was
flushed while whole.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.history import contents, revisions
from confkeep.history.revisions import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from confkeep.etag import Version
    from confkeep.history.revisions import Author


@dataclass(frozen=True, slots=True)
class Intent:
    """``old`` and ``new`` are None where no file was, or is to be; ``identity`` is (device, inode) before the save.

    ``batch`` is the number that saves share which are done together, all or none. ``back``: its caller was told that
    it failed, and what was done of it is being undone.
    """

    revision: int
    path: str
    identity: tuple[int, int] | None
    mount_root: bool
    old: bytes | None
    new: bytes | None
    route: str
    batch: int
    back: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """What is about to be done to the file at ``path``."""

    path: str
    identity: tuple[int, int] | None
    mount_root: bool
    old: Version | None
    new: Version | None
    route: str
    author: Author


def promise(connection: sqlite3.Connection, wanted: Promise, batch: int | None = None) -> int:
    """Record the old content (if history does not have it), the new one and the intent; the new revision's number.

    ``batch``: the first number of the saves that it belongs to; None: it is the first. The caller commits durably
    before it touches the target.
    """
    file = revisions.ensure_file(connection, wanted.path)
    if wanted.old is not None:
        revisions.note(connection, file, wanted.old)
    number = revisions.add(connection, file, wanted.new, State.PROMISED, wanted.author)
    dev, ino = wanted.identity or (None, None)
    connection.execute(
        "INSERT INTO intents (revision, file, batch, dev, ino, mount_root, old_hash, route)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            file,
            number if batch is None else batch,
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
    if row is not None and row[0] is not None:
        contents.forget_unless_used(connection, row[0])


_OPEN: Final = (
    "SELECT intents.revision, files.path, dev, ino, mount_root, route, batch, back, new.bytes, new.packed,"
    " old.bytes, old.packed FROM intents"
    " JOIN files ON files.id = intents.file"
    " JOIN revisions ON revisions.id = intents.revision"
    " LEFT JOIN contents AS new ON new.hash = revisions.hash"
    " LEFT JOIN contents AS old ON old.hash = intents.old_hash"
)


def take_other_route(
    connection: sqlite3.Connection, revision: int, route: str, identity: tuple[int, int] | None
) -> None:
    """The save of ``revision`` goes by another route than was promised, or to another inode.

    What a crash can leave depends on it.
    """
    dev, ino = identity or (None, None)
    connection.execute(
        "UPDATE intents SET route = ?, dev = ?, ino = ? WHERE revision = ?",
        (route, _signed(dev), _signed(ino), revision),
    )


def turn_back(connection: sqlite3.Connection, batch: int) -> None:
    """The saves of ``batch`` have failed: from now on recovery brings back what was."""
    connection.execute("UPDATE intents SET back = 1 WHERE batch = ?", (batch,))


def is_open(connection: sqlite3.Connection, revision: int) -> bool:
    """Whether the save of ``revision`` is still unsettled."""
    return connection.execute("SELECT 1 FROM intents WHERE revision = ?", (revision,)).fetchone() is not None


def unsettled(connection: sqlite3.Connection) -> list[Intent]:
    """All open intents, oldest first."""
    return [_intent(row) for row in connection.execute(f"{_OPEN} ORDER BY intents.revision")]


def numbers_of(connection: sqlite3.Connection, path: str, identity: tuple[int, int] | None) -> list[int]:
    """Revisions whose open intents concern the file at ``path``, by that name or by another name of its inode.

    The inode counts for saves in place only: that of a file that was replaced is free, and its number used again.
    """
    dev, ino = identity or (None, None)
    rows = connection.execute(
        "SELECT revision FROM intents WHERE file = (SELECT id FROM files WHERE path = ?)"
        " OR (dev = ? AND ino = ? AND route = 'overwrite') ORDER BY revision",
        (os.fsencode(path), _signed(dev), _signed(ino)),
    )
    return [int(row[0]) for row in rows]


def batches_of(connection: sqlite3.Connection, numbers: Iterable[int]) -> list[list[Intent]]:
    """The whole batches that the open intents of these revisions belong to."""
    batches = {
        row[0]
        for number in numbers
        for row in connection.execute("SELECT batch FROM intents WHERE revision = ?", (number,))
    }
    found = [
        [_intent(row) for row in connection.execute(f"{_OPEN} WHERE batch = ? ORDER BY intents.revision", (batch,))]
        for batch in sorted(batches)
    ]
    return [batch for batch in found if batch]  # another process may have settled it just now


def unsettled_of(connection: sqlite3.Connection, path: str) -> Intent | None:
    """The open intent of the file at ``path``."""
    row = connection.execute(f"{_OPEN} WHERE files.path = ?", (os.fsencode(path),)).fetchone()
    return None if row is None else _intent(row)


_Row = tuple[int, bytes, int | None, int | None, int, str, int, int, bytes | None, int | None, bytes | None, int | None]


def _intent(row: _Row) -> Intent:
    revision, path, dev, ino, mount_root, route, batch, back, new, new_packed, old, old_packed = row
    return Intent(
        revision=revision,
        path=os.fsdecode(path),
        identity=None if dev is None or ino is None else (_unsigned(dev), _unsigned(ino)),
        mount_root=bool(mount_root),
        old=_content(old, old_packed),
        new=_content(new, new_packed),
        route=route,
        batch=batch,
        back=bool(back),
    )


def _content(data: bytes | None, packed: int | None) -> bytes | None:
    return None if data is None or packed is None else contents.unpack(data, packed)


def _signed(number: int | None) -> int | None:
    """SQLite's integers are signed, inode numbers (FUSE, xfs) may use all 64 bits."""
    return number if number is None or number < 1 << 63 else number - (1 << 64)


def _unsigned(number: int) -> int:
    return number % (1 << 64)
