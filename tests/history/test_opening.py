"""confkeep.history.opening: made, migrated, checked."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import JournalUnavailable
from confkeep.etag import etag_of
from confkeep.history import intents, revisions, verify
from confkeep.history.opening import VERSION
from confkeep.history.revisions import Origin, State
from confkeep.history.store import Store
from tests.history.stores import SCHEMAS, add

if TYPE_CHECKING:
    from pathlib import Path


def first_version(state: Path) -> None:
    """A store as version 1 of the schema left it after a crash: two saves settled, one open, one withdrawn."""
    state.mkdir()
    with closing(sqlite3.connect(state / "history.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript((SCHEMAS / "1.sql").read_text("utf-8") + "PRAGMA user_version=1;")
        connection.execute("INSERT INTO files VALUES (7, ?)", (b"/config/a.yaml",))
        for data in (b"one", b"two", b"three"):
            connection.execute("INSERT INTO contents VALUES (?, ?)", (bytes.fromhex(etag_of(data)), data))
        rows = [
            (3, b"one", 3, "applied", "external", None, "", ""),
            (4, b"two", 3, "applied", "api", 1000, "a ü message", "request"),
            (5, b"three", 5, "promised", "library", None, "", ""),
            (9, b"one", 3, "promised", "library", None, "", ""),
        ]
        for number, data, size, *rest in rows:
            digest = bytes.fromhex(etag_of(data))
            values = (number, 7, digest, size, 1_700_000_000_000 + number, *rest)
            connection.execute("INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        connection.execute("DELETE FROM revisions WHERE id = 9")
        two = bytes.fromhex(etag_of(b"two"))
        connection.execute("INSERT INTO intents VALUES (7, 5, 11, -12, 1, ?, 'overwrite')", (two,))


def shape(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Columns, indexes and keys of every table."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    pragmas = ("table_info", "foreign_key_list", "index_list")
    found = {
        f"{pragma} {name}": [tuple(row) for row in connection.execute(f"PRAGMA {pragma}({name})")]
        for name in names
        for pragma in pragmas
    }
    created = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    return found | {"indexes": connection.execute(created).fetchall()}


def test_the_first_version_becomes_this_one(state: Path, tmp_path: Path) -> None:
    """Not only by its number: every table, index and key is as in a new store."""
    first_version(state)
    old, new = Store(state), Store(tmp_path / "new")
    with old.looking() as migrated, new.looking() as made:
        assert shape(migrated) == shape(made)
        assert migrated.execute("PRAGMA user_version").fetchone() == (VERSION,)
        assert migrated.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert verify.problems(migrated) == []
    old.close()
    new.close()


def test_a_migration_keeps_all_that_was_recorded(state: Path) -> None:
    """Revisions with every column, their contents, and the open intent."""
    first_version(state)
    store = Store(state)
    with store.reading() as connection:
        found = revisions.listing(connection, "/config/a.yaml", 10)
        assert [(one.id, one.state) for one in found] == [
            (5, State.PROMISED), (4, State.APPLIED), (3, State.APPLIED),
        ]  # fmt: skip
        assert (found[1].origin, found[1].uid, found[1].message) == (Origin.API, 1000, "a ü message")
        assert (found[1].request, found[1].time, found[1].size) == ("request", 1_700_000_000_004, 3)
        assert [revisions.data_of(connection, one) for one in found] == [b"three", b"two", b"one"]
        (intent,) = intents.unsettled(connection)
        assert (intent.revision, intent.batch, intent.old, intent.new) == (5, 5, b"two", b"three")
        assert (intent.identity, intent.mount_root, intent.route) == ((11, (1 << 64) - 12), True, "overwrite")
    store.close()


def test_a_migration_does_not_use_numbers_again(state: Path) -> None:
    """Those of withdrawn saves neither."""
    first_version(state)
    store = Store(state)
    assert add(store, "/b", b"x") == 10
    store.close()


def test_an_empty_store_is_migrated_too(state: Path) -> None:
    """Without a single row."""
    first_version(state)
    with closing(sqlite3.connect(state / "history.db", isolation_level=None)) as connection:
        for table in ("intents", "revisions", "files", "contents", "sqlite_sequence"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - from the line above
    store = Store(state)
    assert add(store, "/b", b"x") == 1
    store.close()


def test_a_migration_that_fails_changes_nothing(state: Path) -> None:
    """It is one transaction: the store stays of the first version, and works with the confkeep that made it."""
    first_version(state)
    with closing(sqlite3.connect(state / "history.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE intents_2 (x)")  # in the way of its last steps
        before = shape(connection)
    with pytest.raises(JournalUnavailable, match="intents_2"):
        Store(state)
    with closing(sqlite3.connect(state / "history.db", isolation_level=None)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert shape(connection) == before


def test_a_later_version_is_not_touched(state: Path) -> None:
    """A store that a later confkeep wrote stays as it is, and the error says what to do."""
    Store(state).close()
    with closing(sqlite3.connect(state / "history.db")) as connection:
        connection.execute("PRAGMA user_version=99")
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    with pytest.raises(JournalUnavailable, match="version 99") as caught:
        Store(state)
    assert "later confkeep" in caught.value.remedy
    assert {path.name: path.read_bytes() for path in state.iterdir()} == before


COME_AND_GO = """
import sys
from pathlib import Path
from confkeep.history.store import Store
Store(Path(sys.argv[1])).close()
"""


def test_a_second_store_of_a_process_does_not_lose_the_first_ones_locks(state: Path) -> None:
    """POSIX locks of a process go with any descriptor it closes: another process would then remove the log."""
    first = Store(state)
    add(first, "/a", b"1")
    second = Store(state)
    second.close()
    subprocess.run([sys.executable, "-c", COME_AND_GO, os.fspath(state)], check=True)
    add(first, "/a", b"2")
    third = Store(state)
    with third.reading() as connection:
        assert len(revisions.listing(connection, "/a", 10)) == 2
    third.close()
    first.close()
