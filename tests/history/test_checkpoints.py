"""confkeep.history.checkpoints: the log does not grow, and is long enough before it is needed."""

from __future__ import annotations

import errno
import io
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from confkeep.history import checkpoints
from confkeep.history.checkpoints import Checkpoints
from confkeep.history.opening import connect
from confkeep.history.store import Store
from tests.history.stores import add

if TYPE_CHECKING:
    from pathlib import Path

COMMITS = 1000


def log_size(state: Path) -> int:
    """Bytes of the log."""
    return (state / "history.db-wal").stat().st_size


def saves(store: Store, count: int) -> None:
    """So many commits, each with a content of its own."""
    for number in range(count):
        add(store, "/a", b"%d" % number * 1000)


def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the thread does, it does at the moment that wakes it."""

    class AtOnce:
        def __init__(self, work: object, _: str) -> None:
            self.wake = work

        def close(self) -> None:
            """Nothing runs."""

    monkeypatch.setattr(checkpoints, "Background", AtOnce)


def opens_with(monkeypatch: pytest.MonkeyPatch, kind: type[io.FileIO]) -> None:
    """The log is lengthened through a file of that kind."""

    def opened(path: str, mode: str, buffering: int) -> io.FileIO:
        assert buffering == 0
        return kind(path, mode)

    monkeypatch.setattr(checkpoints, "open", opened, raising=False)


def test_the_log_has_room_after_some_commits(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit into blocks that are there flushes them alone; who saves once and ends does not pay for the room."""
    at_once(monkeypatch)
    store = Store(state)
    saves(store, 2)
    assert log_size(state) < 1 << 20
    saves(store, 3)
    assert log_size(state) == 6 << 20
    store.close()


def test_the_log_is_used_again_and_again(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many commits there are, and although another connection reads in between."""
    at_once(monkeypatch)
    store = Store(state)
    with store.reading() as reader:
        for _ in range(4):
            saves(store, COMMITS // 4)
            reader.execute("SELECT count(*) FROM revisions").fetchone()
    assert log_size(state) == 6 << 20
    store.close()


def test_zeros_at_its_end_are_no_part_of_the_log(state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that was killed leaves them there: the next finds every commit, and no more."""
    at_once(monkeypatch)
    store = Store(state)
    saves(store, 10)
    for name in ("history.db", "history.db-wal"):
        (tmp_path / name).write_bytes((state / name).read_bytes())
    store.close()
    with closing(sqlite3.connect(tmp_path / "history.db")) as killed:
        assert killed.execute("SELECT count(*) FROM revisions").fetchone() == (10,)
        assert killed.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_full_disk_leaves_the_log_as_it_is(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is a help, not a need: nothing half-made stays, and saves go on."""
    at_once(monkeypatch)
    store = Store(state)
    saves(store, 3)
    writes: list[int] = []

    class Full(io.FileIO):
        def write(self, data: memoryview) -> int:  # type: ignore[override]  # all that is ever written
            writes.append(len(data))
            if len(writes) > 1:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(bytes(4096))

    opens_with(monkeypatch, Full)
    before = log_size(state)
    saves(store, 1)
    assert len(writes) == 2
    assert log_size(state) < before + (1 << 17)
    saves(store, 2)
    store.close()


def test_nobody_adds_to_the_log_while_it_is_lengthened(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process's commit at that moment would be overwritten by zeros."""
    store = Store(state)
    saves(store, 1)
    refused: list[str] = []

    class Meanwhile(io.FileIO):
        def write(self, data: memoryview) -> int:  # type: ignore[override]  # all that is ever written
            with closing(connect(store.path)) as other:
                other.execute("PRAGMA busy_timeout=0")
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("BEGIN IMMEDIATE")
            refused.append("locked")
            return super().write(data)

    opens_with(monkeypatch, Meanwhile)
    at_once(monkeypatch)
    beside = Checkpoints(store.path)
    for _ in range(4):
        beside.consider()
    assert refused
    store.close()
