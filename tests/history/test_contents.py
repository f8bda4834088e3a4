"""confkeep.history.contents: bytes, once for each distinct hash, packed or not."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import HistoryDamaged
from confkeep.etag import etag_of, version_of
from confkeep.history import contents
from confkeep.history.contents import Damaged, Packed
from confkeep.history.store import Store
from tests.history.stores import LONG, add

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A new store."""
    store = Store(state)
    yield store
    store.close()


@pytest.mark.parametrize("data", [b"", b"x", bytes(range(256)), LONG])
def test_any_bytes_come_back(store: Store, data: bytes) -> None:
    """Also none."""
    with store.durable() as connection:
        digest = contents.write(connection, version_of(data))
        assert contents.write(connection, version_of(data)) == digest == bytes.fromhex(etag_of(data))
        assert contents.read(connection, digest) == data
        assert connection.execute("SELECT count(*) FROM contents").fetchone() == (1,)


def test_packed_bytes_come_back(store: Store) -> None:
    """Whoever reads does not see how they are stored."""
    digest = bytes.fromhex(etag_of(LONG))
    with store.durable() as connection:
        connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (digest, zlib.compress(LONG), Packed.ZLIB))
        assert contents.read(connection, digest) == LONG


@pytest.mark.parametrize(("stored", "packed"), [(b"other", 0), (b"other", 2), (b"other", 1), (zlib.compress(b"x"), 1)])
def test_other_bytes_are_damage(store: Store, stored: bytes, packed: int) -> None:
    """Nobody gets bytes that are not those of the hash, packed or not."""
    digest = bytes.fromhex(etag_of(LONG))
    with store.durable() as connection:
        connection.execute("INSERT INTO contents VALUES (?, ?, ?)", (digest, stored, packed))
    with pytest.raises(HistoryDamaged), store.reading() as connection:
        contents.read(connection, digest)


def test_half_of_packed_bytes(store: Store) -> None:
    """As a truncated write would leave them."""
    packed = zlib.compress(LONG)
    with pytest.raises(Damaged):
        contents.unpack(packed[: len(packed) // 2], Packed.ZLIB)


def test_what_a_revision_has_stays(store: Store) -> None:
    """Unused bytes go, others do not."""
    add(store, "/a", b"used")
    with store.durable() as connection:
        unused = contents.write(connection, version_of(b"unused"))
        contents.forget_unless_used(connection, unused)
        contents.forget_unless_used(connection, bytes.fromhex(etag_of(b"used")))
        assert connection.execute("SELECT bytes FROM contents").fetchall() == [(b"used",)]
