"""confkeep.history.verify: whether a store holds what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.history import offline
from confkeep.history.packing import pack
from confkeep.history.store import Store
from confkeep.history.verify import problems
from tests.history.stores import LONG, add, change, damage, promise, swap

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path


def make(state: Path) -> None:
    """A closed store with packed and unpacked contents, a removal and an open intent."""
    store = Store(state)
    for turn in range(10):
        add(store, f"/config/{turn % 3}.yaml", LONG + b"%d" % turn)
    assert sum(pack(store)) == 10
    add(store, "/config/a.yaml", b"a short content")
    add(store, "/config/a.yaml", None)
    promise(store, "/config/b.yaml", b"the old content", b"the new content")
    store.close()


def found(state: Path) -> list[str]:
    """What is wrong."""
    with offline.reading(state) as connection:
        return problems(connection)


def test_a_sound_store(state: Path) -> None:
    """Nothing is wrong with it."""
    make(state)
    assert found(state) == []


@pytest.mark.parametrize(
    "name", ["contents", "revisions", "files", "intents", "revisions_of_content", "sqlite_autoindex_contents_1"]
)
def test_a_page_that_was_overwritten(state: Path, name: str) -> None:
    """Of any table or index."""
    make(state)
    damage(state, name)
    assert found(state)


def test_a_content_that_is_another(state: Path) -> None:
    """Which SQLite cannot see."""
    make(state)
    swap(state, b"a short content", b"a wrong content")
    (line,) = found(state)
    assert "has another hash" in line


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("UPDATE contents SET bytes = x'00' WHERE packed = 1 LIMIT", "cannot be unpacked"),
        ("DELETE FROM contents WHERE packed = 1 LIMIT", "row of contents that is missing"),
        ("DELETE FROM files WHERE id = (SELECT max(id) FROM files) LIMIT", "row of files that is missing"),
    ],
)
def test_rows_that_do_not_fit_together(state: Path, act: str, said: str) -> None:
    """What no transaction of ours leaves."""
    make(state)
    without_limit: Callable[[sqlite3.Connection], object] = lambda connection: connection.execute(  # noqa: E731
        act.removesuffix(" LIMIT")
    )
    change(state / "history.db", without_limit)
    lines = found(state)
    assert any(said in line for line in lines), lines
    assert len(lines) <= 100
