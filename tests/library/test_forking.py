"""After a fork, child and parent can both save: nothing is carried over that belongs to one of them."""

from __future__ import annotations

import multiprocessing
import os
import threading
import warnings
from typing import TYPE_CHECKING

import confkeep
from confkeep.writing import Writing
from tests.library.spots import NEW, OLD, Spot
from tests.support.sites import in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from confkeep.history.revisions import Author


def test_after_a_save(spot: Spot) -> None:
    """First the child, then the parent."""
    confkeep.save(spot.path, b"before")
    assert in_a_child(lambda: confkeep.save(spot.path, b"by the child").changed) is True
    assert spot.data == b"by the child"
    confkeep.save(spot.path, b"by the parent")
    assert (spot.data, spot.others()) == (b"by the parent", [])


def _save(name: str, data: bytes) -> int:
    return confkeep.save(name, data).size


def test_a_pool_that_forks(spot: Spot) -> None:
    """As multiprocessing does."""
    confkeep.save(spot.path, NEW)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        with multiprocessing.get_context("fork").Pool(3) as pool:
            sizes = pool.starmap(_save, [(spot.name, b"x" * size) for size in range(1, 20)])
            pool.close()
            pool.join()
    assert sizes == list(range(1, 20))
    assert set(spot.data) == {ord("x")}


def test_a_child_does_not_hold_what_the_parent_held(linked: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked by another thread in the middle of a save, and alive: the parent's next save waits for nobody."""
    began, go = threading.Event(), threading.Event()
    promise: Callable[[Writing, Author], None] = Writing.promise

    def slowly(writing: Writing, author: Author) -> None:
        began.set()
        assert go.wait(60)
        promise(writing, author)

    monkeypatch.setattr(Writing, "promise", slowly)
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.2)
    saving = threading.Thread(target=confkeep.save, args=[linked.path, NEW])
    saving.start()
    assert began.wait(60)
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(writable)
        os.read(readable, 1)  # until the parent has closed its end
        os._exit(0)
    os.close(readable)
    try:
        go.set()
        saving.join()
        assert linked.data == NEW
        confkeep.save(linked.path, OLD)
    finally:
        os.close(writable)
        os.waitpid(child, 0)
    assert linked.data == OLD


def test_a_draft_belongs_to_its_maker(spot: Spot) -> None:
    """A child that ends inside the parent's ``with`` takes nothing away from it."""
    with confkeep.file(spot.path, "wb") as file:
        file.write(NEW)
        file.flush()
        assert in_a_child(lambda: confkeep.save(spot.path.with_name("b"), OLD).created) is True
    assert spot.data == NEW
