"""Every query finds its rows by an index: what it costs does not grow with the history."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from confkeep.etag import etag_of, version_of
from confkeep.history import intents, revisions, verify
from confkeep.history.intents import Promise
from confkeep.history.opening import connect
from confkeep.history.packing import pack
from confkeep.history.retention import Policy, give_back, prune
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store
from tests.history.stores import HOUR, add, age

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    import pytest

#: A scan of the open intents is as long as there are saves under way; max(id) of a table is read from its end.
_SHORT = re.compile(r"SCAN (intents|CONSTANT ROW)")
_PROMISE = Promise("/config/0", (1, 2), mount_root=False, old=version_of(b"old"), new=version_of(b"new"),
                   route="overwrite", author=LIBRARY)  # fmt: skip


def ask_everything(connection: sqlite3.Connection) -> None:
    """Each query of a save, of recovery and of an answer."""
    number = intents.promise(connection, _PROMISE)
    verify.check_open_intents(connection)
    intents.unsettled(connection)
    intents.unsettled_of(connection, "/config/0")
    intents.numbers_of(connection, "/config/0", (1, 2))
    intents.batches_of(connection, [number])
    intents.is_open(connection, number)
    intents.take_other_route(connection, number, "replace", None)
    intents.turn_back(connection, number)
    intents.close(connection, number, State.APPLIED)
    intents.withdraw(connection, intents.promise(connection, _PROMISE))
    revisions.current(connection, "/config/0", etag_of(b"new"))
    revisions.knows(connection, "/config/0", etag_of(b"old"))
    revisions.listing(connection, "/config/0", 10, number)
    revisions.data_of(connection, revisions.get(connection, number)[1])
    revisions.note(connection, revisions.ensure_file(connection, "/config/0"), None)


def test_no_query_scans_a_table(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of SQLite itself, for every statement that was really run; with statistics it might choose otherwise."""
    store = Store(state)
    asked: set[str] = set()

    def watched(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(asked.add)
        return connection

    monkeypatch.setattr("confkeep.history.opening.connect", watched)
    with store.looking() as connection:
        connection.set_trace_callback(asked.add)
    for turn in range(50):
        add(store, f"/config/{turn % 5}", b"%d" % turn * 500)
    age(store, HOUR)
    with store.durable() as connection:
        ask_everything(connection)
    assert sum(prune(store, {"/config": Policy(3, 300, 20_000)})) > 0
    assert sum(pack(store)) > 0
    list(give_back(store))
    said = tuple(asked)  # the store's own thread goes on
    assert len([sql for sql in said if re.match("SELECT|INSERT|UPDATE|DELETE", sql)]) > 50
    scans: set[tuple[str, str]] = set()
    with store.looking() as connection:
        connection.set_trace_callback(None)
        for sql in said:
            if re.match("SELECT|INSERT|UPDATE|DELETE", sql) and "SET time = time -" not in sql and "sqlite_" not in sql:
                plan = [str(row[3]) for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
                scans |= {(line, sql) for line in plan if line.startswith("SCAN") and not _SHORT.match(line)}
    store.close()
    assert scans == set()
