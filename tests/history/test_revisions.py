"""confkeep.history.revisions: each recorded content of each file."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError
from confkeep.etag import etag_of, version_of
from confkeep.history import revisions
from confkeep.history.revisions import EXTERNAL, LIBRARY, Author, Origin, State
from confkeep.history.store import Store

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def connection(state: Path) -> Generator[sqlite3.Connection]:
    """A store's connection inside a transaction."""
    store = Store(state)
    with store.durable() as connection:
        yield connection
    store.close()


def add(connection: sqlite3.Connection, content: bytes, state: State = State.APPLIED, path: str = "/a") -> int:
    """One revision."""
    return revisions.add(connection, revisions.ensure_file(connection, path), version_of(content), state, LIBRARY)


def contents(connection: sqlite3.Connection) -> int:
    """How many distinct contents are stored."""
    return int(connection.execute("SELECT count(*) FROM contents").fetchone()[0])


def test_a_file_has_one_number(connection: sqlite3.Connection) -> None:
    """Recorded when first asked for; paths are the kernel's bytes."""
    odd = os.fsdecode(b"/config/\xff.yaml")
    assert revisions.file_id(connection, odd) is None
    number = revisions.ensure_file(connection, odd)
    assert revisions.ensure_file(connection, odd) == number
    assert revisions.ensure_file(connection, "/other") != number
    assert revisions.find(connection, add(connection, b"x", path=odd)) is not None


def test_what_is_recorded_comes_back(connection: sqlite3.Connection) -> None:
    """Content, hash, size, time, and who said what."""
    file = revisions.ensure_file(connection, "/a")
    before = time.time_ns() // 1_000_000
    author = Author(Origin.API, 1000, "a ü message", "request-1")
    number = revisions.add(connection, file, version_of(b"\x00bytes\xff"), State.PROMISED, author)
    found = revisions.find(connection, number)
    assert found is not None
    path, revision = found
    assert path == "/a"
    assert before <= revision.time <= time.time_ns() // 1_000_000
    assert (revision.id, revision.state, revision.origin, revision.uid) == (number, State.PROMISED, Origin.API, 1000)
    assert (revision.message, revision.request) == ("a ü message", "request-1")
    assert (revision.size, revision.etag) == (7, etag_of(b"\x00bytes\xff"))
    assert revisions.content(connection, revision.etag) == b"\x00bytes\xff"


def test_equal_bytes_are_stored_once(connection: sqlite3.Connection) -> None:
    """However many revisions and files have them."""
    numbers = [add(connection, b"same"), add(connection, b"same"), add(connection, b"same", path="/b")]
    assert len(set(numbers)) == 3
    assert contents(connection) == 1


def test_numbers_are_never_used_again(connection: sqlite3.Connection) -> None:
    """A link to a revision that is gone leads nowhere, not to another one."""
    number = add(connection, b"x")
    connection.execute("DELETE FROM revisions")
    assert add(connection, b"y") == number + 1


def test_only_what_was_applied_is_the_latest(connection: sqlite3.Connection) -> None:
    """A promised or abandoned save has never been the file's content."""
    applied = add(connection, b"x")
    add(connection, b"y", State.PROMISED)
    add(connection, b"z", State.ABANDONED)
    latest = revisions.latest(connection, revisions.ensure_file(connection, "/a"))
    assert latest is not None
    assert latest.id == applied
    assert revisions.latest(connection, revisions.ensure_file(connection, "/b")) is None


def test_the_newest_content_is_not_noted_twice(connection: sqlite3.Connection) -> None:
    """What is known to be there is that revision; anything else somebody wrote behind our back."""
    file = revisions.ensure_file(connection, "/a")
    first = revisions.note(connection, file, version_of(b"x"))
    assert revisions.note(connection, file, version_of(b"x")) == first
    other = revisions.note(connection, file, version_of(b"y"))
    again = revisions.note(connection, file, version_of(b"x"))
    assert len({first, other, again}) == 3
    found = revisions.find(connection, other)
    assert found is not None
    assert (found[1].origin, found[1].state) == (EXTERNAL.origin, State.APPLIED)


def test_the_current_revision(connection: sqlite3.Connection) -> None:
    """The newest one, if the file holds it; not an older one with the same bytes behind a newer."""
    first = add(connection, b"x")
    assert revisions.current(connection, "/a", etag_of(b"x")) == first
    add(connection, b"y")
    assert revisions.current(connection, "/a", etag_of(b"x")) is None
    assert revisions.current(connection, "/b", etag_of(b"x")) is None


def test_what_the_file_ever_held_is_known(connection: sqlite3.Connection) -> None:
    """For the answer to a conflict: an old etag, a foreign one, and what is no etag at all."""
    add(connection, b"x")
    add(connection, b"y")
    add(connection, b"z", State.ABANDONED)
    assert revisions.knows(connection, "/a", etag_of(b"x"))
    assert not revisions.knows(connection, "/a", etag_of(b"z"))
    assert not revisions.knows(connection, "/b", etag_of(b"x"))
    for nonsense in ("", "xyz", etag_of(b"x").upper(), etag_of(b"x") + "\n", "0" * 63):
        assert not revisions.knows(connection, "/a", nonsense)


def test_the_listing_is_newest_first_and_in_pages(connection: sqlite3.Connection) -> None:
    """A page ends where the next one begins; other files are not in it."""
    numbers = [add(connection, b"%d" % number) for number in range(5)]
    add(connection, b"other", path="/b")
    first = [revision.id for revision in revisions.listing(connection, "/a", 3)]
    rest = [revision.id for revision in revisions.listing(connection, "/a", 3, before=first[-1])]
    assert first + rest == numbers[::-1]
    assert revisions.listing(connection, "/nobody", 3) == []


def test_what_is_not_there(connection: sqlite3.Connection) -> None:
    """No such revision, no such content."""
    assert revisions.find(connection, 99) is None
    assert revisions.content(connection, etag_of(b"nobody")) is None


@pytest.mark.parametrize("column", ["state", "origin"])
def test_the_schema_takes_no_other_words(state: Path, column: str) -> None:
    """A state or origin that we do not know is refused by the store itself."""
    store = Store(state)
    with store.durable() as connection:
        add(connection, b"x")
    with pytest.raises(IoError), store.durable() as connection:
        connection.execute(f"UPDATE revisions SET {column} = 'other'")  # noqa: S608 - from the table above
    store.close()
