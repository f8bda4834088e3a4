"""confkeep.history.upkeep: packing, retention and room, in small steps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.history.retention import Policy
from confkeep.history.store import Store
from confkeep.history.upkeep import Done, upkeep
from tests.history.stores import HOUR, LONG, add, age, numbers

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A store with twenty revisions of one file, half of them of bytes that cannot be packed."""
    store = Store(state)
    for turn in range(20):
        add(store, "/config/a", os.urandom(200_000) if turn % 2 else LONG + b"%d" % turn)
    age(store, HOUR)
    yield store
    store.close()


def never(_: float) -> bool:
    """Go on."""
    return False


def test_all_three(store: Store) -> None:
    """What is not kept goes, what is kept is packed, and the room is given back."""
    done = upkeep(store, {"/config": Policy(4, 0, 0)}, never)
    assert (done.pruned, done.packed) == (16, 2)
    assert done.pages > 100
    assert len(numbers(store, "/config/a")) == 4
    assert upkeep(store, {"/config": Policy(4, 0, 0)}, never) == Done()


@pytest.mark.parametrize(("steps", "expected"), [(1, (16, 0, 0)), (2, (16, 2, 0)), (4, (16, 2, 64))])
def test_it_ends_when_told(store: Store, steps: int, expected: tuple[int, int, int]) -> None:
    """After the step under way, in any of its parts; the next one does the rest."""
    left = iter([False] * (steps - 1))
    done = upkeep(store, {"/config": Policy(4, 0, 0)}, lambda _: next(left, True))
    assert (done.pruned, done.packed, done.pages) == expected
    rest = upkeep(store, {"/config": Policy(4, 0, 0)}, never)
    assert rest.pages > 0
    assert len(numbers(store, "/config/a")) == 4
