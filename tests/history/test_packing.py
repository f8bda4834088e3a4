"""confkeep.history.packing: contents are compressed after they were saved."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import etag_of
from confkeep.history import revisions, verify
from confkeep.history.contents import Packed
from confkeep.history.packing import pack
from confkeep.history.store import Store
from tests.history.stores import LONG, add

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

RANDOM = os.urandom(5_000)


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A new store."""
    store = Store(state)
    yield store
    store.close()


def stored(store: Store, data: bytes) -> tuple[int, int]:
    """In how many bytes, and how."""
    with store.reading() as connection:
        query = "SELECT length(bytes), packed FROM contents WHERE hash = ?"
        length, packed = connection.execute(query, (bytes.fromhex(etag_of(data)),)).fetchone()
        return int(length), int(packed)


def test_what_is_saved_is_packed_later(store: Store) -> None:
    """YAML to less than a third; a revision's bytes, etag and size are what they were."""
    number = add(store, "/a", LONG)
    assert stored(store, LONG) == (len(LONG), Packed.NOT_YET)
    assert sum(pack(store)) == 1
    length, packed = stored(store, LONG)
    assert length < len(LONG) / 3
    assert packed == Packed.ZLIB
    with store.reading() as connection:
        _, found = revisions.get(connection, number)
        assert revisions.data_of(connection, found) == LONG
        assert (found.etag, found.size) == (etag_of(LONG), len(LONG))
        assert verify.problems(connection) == []


@pytest.mark.parametrize("data", [b"", b"a: 1\n" * 20, RANDOM], ids=["empty", "short", "random"])
def test_what_does_not_pay_stays_as_it_is(store: Store, data: bytes) -> None:
    """Short or already dense bytes; they are not looked at again."""
    add(store, "/a", data)
    assert sum(pack(store)) == 0
    assert stored(store, data) == (len(data), Packed.NEVER)
    assert list(pack(store)) == []


def test_everything_is_packed_in_small_steps(store: Store) -> None:
    """However many there are, a step is short; what is saved meanwhile is packed as well."""
    for number in range(20):
        add(store, "/a", LONG + b"%d" % number)
    steps = pack(store)
    first = next(steps)
    assert 0 < first <= 8
    add(store, "/a", LONG + b"meanwhile")
    assert first + sum(steps) == 21


def test_content_that_is_pruned_meanwhile(store: Store) -> None:
    """It does not come back."""
    add(store, "/a", LONG)
    add(store, "/a", b"x")
    steps = pack(store)
    with store.durable() as connection:
        connection.execute("DELETE FROM revisions WHERE size > 1")
        connection.execute("DELETE FROM contents WHERE length(bytes) > 1")
    assert sum(steps) == 0
    with store.reading() as connection:
        assert connection.execute("SELECT bytes FROM contents").fetchall() == [(b"x",)]
