"""confkeep.history.offline: reading a store that others may be using."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import HistoryDamaged, JournalUnavailable, NoPermission, NotFound
from confkeep.history import offline, revisions
from confkeep.history.store import Store
from tests.history.stores import add, change, damage
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser
    from tests.support.mounting import Mounts


def listed(state: Path) -> int:
    """How many revisions of /a it has."""
    with offline.reading(state) as connection:
        return len(revisions.listing(connection, "/a", 100))


def test_a_store_that_nobody_uses(state: Path) -> None:
    """Nothing in it can be changed."""
    store = Store(state)
    add(store, "/a", b"x")
    store.close()
    assert listed(state) == 1
    with pytest.raises(JournalUnavailable, match="readonly"), offline.reading(state) as connection:
        connection.execute("DELETE FROM revisions")
    assert listed(state) == 1


def test_a_store_that_is_in_use(state: Path) -> None:
    """Also what is only in the log is seen, and whoever writes goes on."""
    store = Store(state)
    with offline.reading(state) as connection:
        add(store, "/a", b"x")
        assert len(revisions.listing(connection, "/a", 100)) == 1
        add(store, "/a", b"y")
        assert len(revisions.listing(connection, "/a", 100)) == 2
    add(store, "/a", b"z")
    assert listed(state) == 3
    store.close()


@pytest.mark.parametrize("left", [["history.db"], ["history.db", "history.db-wal", "history.db-shm"]])
def test_a_directory_that_cannot_be_written(state: Path, mounts: Mounts, left: list[str]) -> None:
    """A volume mounted read-only, of a daemon that ended or was killed."""
    store = Store(state)
    add(store, "/a", b"x")
    if len(left) == 1:
        store.close()
    copy = state.with_name("copy")
    copy.mkdir()
    for name in left:
        shutil.copy(state / name, copy / name)
    store.close()
    shown = state.with_name("shown")
    shown.mkdir()
    mounts.bind(copy, shown, read_only=True)
    assert listed(shown) == 1
    assert sorted(path.name for path in copy.iterdir()) == sorted(left)


def test_a_log_that_cannot_be_read(state: Path, mounts: Mounts) -> None:
    """Rather no answer than one without what is in the log; the error says what to do."""
    store = Store(state)
    add(store, "/a", b"x")
    copy = state.with_name("copy")
    copy.mkdir()
    for name in ("history.db", "history.db-wal"):
        shutil.copy(state / name, copy / name)
    store.close()
    shown = state.with_name("shown")
    shown.mkdir()
    mounts.bind(copy, shown, read_only=True)
    with pytest.raises(JournalUnavailable) as caught:
        listed(shown)
    assert "copy" in caught.value.remedy
    assert listed(copy) == 1


def test_no_store(tmp_path: Path) -> None:
    """None is made by looking."""
    with pytest.raises(NotFound):
        listed(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_another_users_store(public: Path, as_user: AsUser) -> None:
    """Configuration holds secrets."""
    store = Store(public / "state")
    store.close()
    public.joinpath("state").chmod(0o755)
    with pytest.raises(NoPermission):
        as_user(STRANGER, lambda: listed(public / "state"))


@pytest.mark.parametrize("version", [1, 99])
def test_another_version(state: Path, version: int) -> None:
    """It is neither migrated nor misread."""
    Store(state).close()
    change(state / "history.db", lambda connection: connection.execute(f"PRAGMA user_version={version}"))
    with pytest.raises(JournalUnavailable, match=f"version {version}"):
        listed(state)


def test_a_damaged_store(state: Path) -> None:
    """The error says how to learn more."""
    store = Store(state)
    add(store, "/a", b"x")
    store.close()
    damage(state, "sqlite_autoindex_files_1")
    with pytest.raises(HistoryDamaged) as caught:
        listed(state)
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    assert "history verify" in caught.value.remedy
