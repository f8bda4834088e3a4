"""Contents: the bytes of revisions, once for each distinct hash. Functions on a store's connection.

They are saved as they are and packed later, by upkeep (packing.py): zlib takes 75 us for 100 bytes of YAML, 150 us for
8 KB and 250 us for 16 KB (1,731 files of public Home Assistant configurations); the whole promise of a save of 16 KB
takes 140 us on tmpfs, and the index by which packing finds its work 10 us of that.
"""

from __future__ import annotations

import sqlite3
import zlib
from enum import IntEnum
from typing import TYPE_CHECKING

from confkeep.etag import etag_of

if TYPE_CHECKING:
    from confkeep.etag import Version


class Packed(IntEnum):
    """``NOT_YET``: the bytes as they are, upkeep will look. ``NEVER``: as they are, for packing does not pay."""

    NOT_YET = 0
    ZLIB = 1
    NEVER = 2


class Damaged(sqlite3.DatabaseError):
    """The store does not hold what it says. An error of sqlite3, as those that SQLite finds itself."""


def write(connection: sqlite3.Connection, content: Version) -> bytes:
    """Store the bytes unless they are there; their hash."""
    digest = bytes.fromhex(content.etag)
    connection.execute(
        "INSERT INTO contents (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, content.data)
    )
    return digest


def read(connection: sqlite3.Connection, digest: bytes) -> bytes | None:
    """The bytes with this hash. Raises Damaged where they are others."""
    row = connection.execute("SELECT bytes, packed FROM contents WHERE hash = ?", (digest,)).fetchone()
    if row is None:
        return None
    data = unpack(*row)
    if etag_of(data) != digest.hex():
        raise Damaged(f"the content {digest.hex()} is not what was stored")
    return data


def forget_unless_used(connection: sqlite3.Connection, digest: bytes) -> None:
    """Remove the bytes if no revision has them; an open intent's old content is a revision's."""
    connection.execute(
        "DELETE FROM contents WHERE hash = ?1 AND NOT EXISTS (SELECT 1 FROM revisions WHERE hash = ?1)", (digest,)
    )


def unpack(data: bytes, packed: int) -> bytes:
    """The bytes of a row of ``contents``. Raises Damaged."""
    if packed != Packed.ZLIB:
        return bytes(data)
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise Damaged(f"a packed content cannot be unpacked: {error}") from error
