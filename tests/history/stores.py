"""Stores with something in them, for tests of what looks after them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.etag import version_of
from confkeep.history import intents, revisions
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.history.store import Store

SCHEMAS: Final = Path(__file__).with_name("schemas")
HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
#: Unlike any other content, and of more than a page.
LONG: Final = b"".join(b"automation_%d: {alias: light %d, mode: single}\n" % (n, n * n) for n in range(500))


def add(store: Store, path: str, content: bytes | None, state: State = State.APPLIED) -> int:
    """One durable revision."""
    with store.durable() as connection:
        version = None if content is None else version_of(content)
        return revisions.add(connection, revisions.ensure_file(connection, path), version, state, LIBRARY)


def promise(store: Store, path: str, old: bytes | None, new: bytes) -> int:
    """One open intent."""
    before = None if old is None else version_of(old)
    wanted = Promise(path, (1, 2), mount_root=False, old=before, new=version_of(new), route="overwrite", author=LIBRARY)
    with store.durable() as connection:
        return intents.promise(connection, wanted)


def age(store: Store, milliseconds: int) -> None:
    """Everything in the store is older by that."""
    with store.durable() as connection:
        connection.execute("UPDATE revisions SET time = time - ?", (milliseconds,))


def numbers(store: Store, path: str) -> list[int]:
    """The file's revisions, oldest first."""
    with store.reading() as connection:
        return [revision.id for revision in revisions.listing(connection, path, 1 << 30)][::-1]


def page_of(database: Path, name: str) -> int:
    """Where the first page of a table or index begins in the file, whose log must be empty."""
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()
    return int((page - 1) * size)


def damage(state: Path, name: str) -> None:
    """Overwrite the first page of a table or index of a closed store."""
    _write(state, page_of(state / "history.db", name), bytes(range(256)) * 16)


def swap(state: Path, old: bytes, new: bytes) -> None:
    """Other bytes, of the same length, in place of ``old`` in a closed store: what SQLite itself cannot see."""
    data = (state / "history.db").read_bytes()
    assert data.count(old) == 1
    assert len(old) == len(new)
    _write(state, data.index(old), new)


def _write(state: Path, at: int, data: bytes) -> None:
    with (state / "history.db").open("r+b") as file:
        file.seek(at)
        file.write(data)


def change(database: Path, act: Callable[[sqlite3.Connection], object]) -> None:
    """Do something to a closed store that confkeep would not do."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        act(connection)
