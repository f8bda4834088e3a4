"""confkeep.daemon.maintenance: the history is looked after beside the saves."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.daemon import maintenance
from confkeep.daemon.maintenance import Maintenance
from confkeep.errors import OutOfSpace
from confkeep.history.retention import Policy
from confkeep.history.store import Store
from confkeep.history.upkeep import Done
from tests.history.stores import HOUR, LONG, add, age, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A store with ten revisions of one file, an hour old."""
    store = Store(state)
    for turn in range(10):
        add(store, f"{state.parent}/config/a", LONG + b"%d" % turn)
    age(store, HOUR)
    yield store
    store.close()


def wait_until(true: Callable[[], bool]) -> None:
    """Fail when it never becomes true."""
    give_up = time.monotonic() + 60
    while not true():
        assert time.monotonic() < give_up
        time.sleep(0.01)


def packed(store: Store) -> bool:
    """Whether nothing is left to pack."""
    with store.reading() as connection:
        return connection.execute("SELECT 1 FROM contents WHERE packed = 0").fetchone() is None


def test_after_so_many_saves(store: Store, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings do not keep goes, and the rest is packed; roots that are links mean what they lead to."""
    monkeypatch.setattr(maintenance, "_SAVES", 3)
    (state.parent / "link").symlink_to("config")
    one = Maintenance(store, {f"{state.parent}/link": Policy(4, 0, 0)})
    one.start()
    for _ in range(2):
        one.saved()
    assert not packed(store)
    one.saved()
    wait_until(lambda: packed(store))
    one.close()
    assert len(numbers(store, f"{state.parent}/config/a")) == 4


def test_each_hour(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any save."""
    monkeypatch.setattr(maintenance, "_HOUR", 0.05)
    one = Maintenance(store, {})
    one.start()
    wait_until(lambda: packed(store))
    one.close()


def test_a_failure_is_logged_and_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk ends this time, not the thread."""
    tried: list[int] = []

    def fail(*_: object) -> None:
        tried.append(1)
        raise OutOfSpace("the disk is full")

    def tried_at_least(times: int) -> bool:
        return len(tried) >= times

    monkeypatch.setattr(maintenance, "_SAVES", 1)
    monkeypatch.setattr(maintenance, "upkeep", fail)
    one = Maintenance(store, {})
    one.start()
    for turn in (1, 2):
        one.saved()
        wait_until(partial(tried_at_least, turn))
    one.close()
    assert "the disk is full" in caplog.text


def test_a_stop_does_not_wait_for_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step under way is done, the others are left for the next life."""
    begun, told = threading.Event(), threading.Event()

    def slow(_store: Store, _policies: object, pause: Callable[[float], bool]) -> Done:
        begun.set()
        if pause(60):
            told.set()
        return Done()

    monkeypatch.setattr(maintenance, "_SAVES", 1)
    monkeypatch.setattr(maintenance, "upkeep", slow)
    one = Maintenance(store, {})
    one.start()
    one.saved()
    assert begun.wait(60)
    one.close()
    assert told.is_set()


def test_never_started(store: Store) -> None:
    """It can be closed all the same."""
    Maintenance(store, {}).close()
    assert not packed(store)
