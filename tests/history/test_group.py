"""confkeep.history.group: several threads' transactions are one commit."""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.errors import IoError
from confkeep.etag import version_of
from confkeep.history import revisions
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

THREADS = 16


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A store, in which FLUSHES counts the commits."""
    store = Store(state)
    yield store
    store.close()


def add(store: Store, name: str) -> None:
    """Record something, durably."""
    with store.durable() as connection:
        file = revisions.ensure_file(connection, name)
        revisions.add(connection, file, version_of(name.encode()), State.APPLIED, LIBRARY)


def fail(store: Store) -> None:
    """Record something, and give up."""
    with store.durable() as connection:
        revisions.ensure_file(connection, "failing")
        raise KeyError("failing")


def names(store: Store) -> set[str]:
    """What is recorded."""
    with store.reading() as connection:
        return {row[0].decode() for row in connection.execute("SELECT path FROM files")}


def commits(store: Store, seen: list[str]) -> None:
    """List the commits from here on."""
    with store.looking() as connection:
        connection.set_trace_callback(lambda text: seen.append(text) if text == "COMMIT" else None)


def while_held(store: Store, *work: threading.Thread) -> None:
    """Let these threads come while the lock is held, as by a commit that is being flushed."""
    arrived = threading.Event()
    with store.looking():
        for thread in work:
            thread.start()
        # They are counted before they wait for the lock.
        group = store._group  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        while group._coming < len(work):  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            arrived.wait(0.001)
    for thread in work:
        thread.join()


def test_those_who_come_during_a_flush_share_the_next(store: Store) -> None:
    """Sixteen transactions, one commit; each is there."""
    seen: list[str] = []
    commits(store, seen)
    while_held(store, *(threading.Thread(target=add, args=(store, f"f{n}")) for n in range(THREADS)))
    assert names(store) == {f"f{n}" for n in range(THREADS)}
    assert seen == ["COMMIT"]


def test_who_is_alone_commits_at_once(store: Store) -> None:
    """One commit each."""
    seen: list[str] = []
    commits(store, seen)
    for n in range(3):
        add(store, f"f{n}")
    assert seen == ["COMMIT"] * 3


def test_one_that_fails_leaves_the_others(store: Store) -> None:
    """Its part alone is undone, and it alone sees its exception."""
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            fail(store)
        except KeyError as error:
            raised.append(error)

    work = [threading.Thread(target=add, args=(store, f"f{n}")) for n in range(4)]
    while_held(store, work[0], threading.Thread(target=attempt), *work[1:], threading.Thread(target=attempt))
    assert names(store) == {f"f{n}" for n in range(4)}
    assert len(raised) == 2


def test_the_first_fails(store: Store) -> None:
    """Whoever comes after it begins anew."""
    with pytest.raises(KeyError):
        fail(store)
    add(store, "after")
    assert names(store) == {"after"}


def test_a_commit_that_fails_fails_for_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that it is on the disk, nothing of it is there, and the next one succeeds."""
    raised: list[IoError] = []
    group = store._group  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    class Failing:
        """The connection, but for one commit."""

        def __getattr__(self, name: str) -> object:
            with store.looking() as connection:
                return getattr(connection, name)

        def execute(self, text: str, *more: Any) -> object:
            if text == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            with store.looking() as connection:
                return connection.execute(text, *more)

    def attempt(name: str) -> None:
        try:
            add(store, name)
        except IoError as error:
            raised.append(error)

    with monkeypatch.context() as patch:
        patch.setattr(group, "_connection", Failing())
        while_held(store, *(threading.Thread(target=attempt, args=(f"f{n}",)) for n in range(THREADS)))
    assert len(raised) == THREADS
    assert names(store) == set()
    add(store, "after")
    assert names(store) == {"after"}


def test_a_promise_closes_what_was_settled_while_the_group_was_open(store: Store) -> None:
    """Two open intents of one file never meet in the store: the later one's transaction closes the earlier first."""
    with store.durable() as connection:
        file = revisions.ensure_file(connection, "a")
        first = revisions.add(connection, file, version_of(b"1"), State.PROMISED, LIBRARY)
        connection.execute(
            "INSERT INTO intents (revision, file, batch, mount_root, route) VALUES (?, ?, ?, 0, 'replace')",
            (first, file, first),
        )
    begun = threading.Event()

    def slow() -> None:
        with store.durable() as connection:
            revisions.ensure_file(connection, "b")
            begun.set()

    other = threading.Thread(target=slow)
    with store.looking():
        other.start()
        store.close_later(first)
    begun.wait()
    with store.durable() as connection:
        second = revisions.add(connection, file, version_of(b"2"), State.PROMISED, LIBRARY)
        connection.execute(
            "INSERT INTO intents (revision, file, batch, mount_root, route) VALUES (?, ?, ?, 0, 'replace')",
            (second, file, second),
        )
    other.join()
    with store.reading() as connection:
        assert connection.execute("SELECT revision FROM intents").fetchall() == [(second,)]
