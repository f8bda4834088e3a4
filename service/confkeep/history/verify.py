"""Whether a store holds what it says: at every start the part that recovery acts on, all of it when asked."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from confkeep.etag import etag_of
from confkeep.history import contents
from confkeep.history.contents import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES: Final = {"contents", "files", "revisions", "intents"}
_MOST_PROBLEMS: Final = 100


def check_open_intents(connection: sqlite3.Connection) -> None:
    """What every start verifies: the tables are there, and the contents of the open intents are what was promised.

    Raises Damaged or sqlite3.DatabaseError. The time it takes does not depend on the size of the history.
    """
    there = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not there >= _TABLES:
        raise Damaged(f"it has no table {', '.join(sorted(_TABLES - there))}")
    query = "SELECT revisions.hash, old_hash FROM intents LEFT JOIN revisions ON revisions.id = intents.revision"
    for digests in connection.execute(query).fetchall():
        for digest in digests:
            if digest is not None and contents.read(connection, digest) is None:
                raise Damaged(f"the content {digest.hex()} of an unsettled save is missing")


def problems(connection: sqlite3.Connection) -> list[str]:
    """Everything that is wrong with the store, at most a hundred lines; reads all of it."""
    found: list[str] = []
    for look in (_integrity, _keys, _contents):
        try:
            found += look(connection)
        except sqlite3.DatabaseError as error:
            found.append(str(error))
    return found[:_MOST_PROBLEMS]


def _integrity(connection: sqlite3.Connection) -> Iterator[str]:
    for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST_PROBLEMS})"):
        if line != "ok":
            yield str(line)


def _keys(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, other, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} names a row of {other} that is missing"


def _contents(connection: sqlite3.Connection) -> Iterator[str]:
    for digest, stored, packed in connection.execute("SELECT hash, bytes, packed FROM contents"):
        try:
            data = contents.unpack(stored, packed)
        except Damaged as error:
            yield f"content {digest.hex()}: {error}"
            continue
        if etag_of(data) != digest.hex():
            yield f"content {digest.hex()} has another hash: it is not what was stored"
