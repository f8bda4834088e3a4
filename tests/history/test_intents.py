"""confkeep.history.intents: saves that have been promised and are not yet settled."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError
from confkeep.etag import version_of
from confkeep.history import intents, revisions
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY, Origin, State
from confkeep.history.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator
    from pathlib import Path

PROMISE = Promise(
    path="/config/a.yaml",
    identity=(1, 2),
    mount_root=True,
    old=version_of(b"old"),
    new=version_of(b"new"),
    route="overwrite",
    author=LIBRARY,
)


@pytest.fixture
def connection(state: Path) -> Generator[sqlite3.Connection]:
    """A store's connection inside a transaction."""
    store = Store(state)
    with store.durable() as connection:
        yield connection
    store.close()


def listed(connection: sqlite3.Connection, path: str = PROMISE.path) -> list[tuple[Origin, State, bytes | None]]:
    """The file's revisions, oldest first."""
    found = revisions.listing(connection, path, 100)[::-1]
    return [(one.origin, one.state, revisions.content(connection, one.etag)) for one in found]


def test_a_promise_holds_both_contents(connection: sqlite3.Connection) -> None:
    """The old content, recorded because history did not have it, the new one, and the intent."""
    number = intents.promise(connection, PROMISE)
    assert listed(connection) == [
        (Origin.EXTERNAL, State.APPLIED, b"old"),
        (Origin.LIBRARY, State.PROMISED, b"new"),
    ]
    intent = intents.unsettled_of(connection, PROMISE.path)
    assert intent is not None
    assert (intent.revision, intent.path, intent.old, intent.new) == (number, PROMISE.path, b"old", b"new")
    assert (intent.identity, intent.mount_root, intent.route) == ((1, 2), True, "overwrite")
    assert intents.is_open(connection, number)


def test_known_content_is_not_recorded_again(connection: sqlite3.Connection) -> None:
    """The second save in a row adds one revision."""
    intents.close(connection, intents.promise(connection, PROMISE), State.APPLIED)
    intents.promise(connection, replace(PROMISE, old=version_of(b"new"), new=version_of(b"newer")))
    assert [content for *_, content in listed(connection)] == [b"old", b"new", b"newer"]


@pytest.mark.parametrize("route", ["replace", "overwrite"])
def test_a_file_that_did_not_exist(connection: sqlite3.Connection, route: str) -> None:
    """Nothing is not the same as an empty file."""
    intents.promise(connection, replace(PROMISE, old=None, identity=None, route=route))
    intents.promise(connection, replace(PROMISE, path="/b", old=version_of(b""), route=route))
    first, second = intents.unsettled(connection)
    assert (first.old, first.identity) == (None, None)
    assert second.old == b""


def test_any_inode_number_comes_back(connection: sqlite3.Connection) -> None:
    """FUSE and xfs may use all 64 bits; SQLite's integers are signed."""
    for number, inode in enumerate([0, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]):
        intents.promise(connection, replace(PROMISE, path=f"/{number}", identity=(inode, inode)))
        intent = intents.unsettled_of(connection, f"/{number}")
        assert intent is not None
        assert intent.identity == (inode, inode)


def test_an_applied_save(connection: sqlite3.Connection) -> None:
    """Its revision is what the file holds."""
    number = intents.promise(connection, PROMISE)
    intents.close(connection, number, State.APPLIED)
    assert intents.unsettled(connection) == []
    assert not intents.is_open(connection, number)
    assert listed(connection)[-1] == (Origin.LIBRARY, State.APPLIED, b"new")


def test_an_abandoned_save(connection: sqlite3.Connection) -> None:
    """The edit is kept and can be offered again."""
    intents.close(connection, intents.promise(connection, PROMISE), State.ABANDONED)
    assert listed(connection)[-1] == (Origin.LIBRARY, State.ABANDONED, b"new")


def test_a_withdrawn_save_leaves_no_trace(connection: sqlite3.Connection) -> None:
    """Its caller knows that it failed: neither revision nor content is kept; the old content is, it was there."""
    intents.withdraw(connection, intents.promise(connection, PROMISE))
    assert listed(connection) == [(Origin.EXTERNAL, State.APPLIED, b"old")]
    assert connection.execute("SELECT bytes FROM contents").fetchall() == [(b"old",)]
    assert intents.unsettled(connection) == []


def test_withdrawing_keeps_content_that_others_need(connection: sqlite3.Connection) -> None:
    """The same bytes may be another revision's."""
    other = revisions.add(
        connection, revisions.ensure_file(connection, "/b"), version_of(b"new"), State.APPLIED, LIBRARY
    )
    intents.withdraw(connection, intents.promise(connection, PROMISE))
    found = revisions.find(connection, other)
    assert found is not None
    assert revisions.content(connection, found[1].etag) == b"new"


def test_one_open_intent_a_file(state: Path) -> None:
    """A second promise for a file whose save is not settled is refused by the store itself."""
    store = Store(state)

    def twice() -> None:
        with store.durable() as connection:
            intents.promise(connection, PROMISE)
            intents.promise(connection, PROMISE)

    with pytest.raises(IoError):
        twice()
    with store.reading() as connection:
        assert intents.unsettled(connection) == []
    store.close()


def test_the_oldest_comes_first(connection: sqlite3.Connection) -> None:
    """Recovery settles them in the order in which they were promised."""
    numbers = [intents.promise(connection, replace(PROMISE, path=f"/{name}")) for name in "cab"]
    assert [intent.revision for intent in intents.unsettled(connection)] == numbers


def test_a_path_is_the_kernels_bytes(connection: sqlite3.Connection) -> None:
    """Also one that is no UTF-8."""
    odd = os.fsdecode(b"/config/\xff.yaml")
    intents.promise(connection, replace(PROMISE, path=odd))
    assert intents.unsettled_of(connection, odd) is not None
    assert intents.unsettled_of(connection, PROMISE.path) is None
