"""confkeep.history.retention: what is kept of a root's history."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import HistoryDamaged, NotFound, Pruned
from confkeep.history import revisions, verify
from confkeep.history.retention import Policy, give_back, prune
from confkeep.history.revisions import State
from confkeep.history.store import Store
from tests.history.stores import DAY, HOUR, add, age, damage, numbers, promise

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ALL = Policy(revisions=0, days=0, size=0)


@pytest.fixture
def store(state: Path) -> Generator[Store]:
    """A new store."""
    store = Store(state)
    yield store
    store.close()


def saves(store: Store, path: str, count: int, size: int = 1) -> list[int]:
    """So many revisions of different contents of so many bytes, an hour old."""
    made = [add(store, path, os.urandom(size - 1) + b"%d" % (turn % 10)) for turn in range(count)]
    age(store, HOUR)
    return made


def pruned(store: Store, policy: Policy, root: str = "/config") -> int:
    """How many revisions went; what is left is sound."""
    gone = sum(prune(store, {root: policy}))
    with store.reading() as connection:
        assert verify.problems(connection) == []
        unused = "SELECT count(*) FROM contents WHERE hash NOT IN (SELECT hash FROM revisions WHERE hash IS NOT NULL)"
        assert connection.execute(unused).fetchone() == (0,)
    return gone


def test_nothing_is_limited_by_zero(store: Store) -> None:
    """0 means all of it."""
    saves(store, "/config/a", 30, 40)
    age(store, 5_000 * DAY)
    assert pruned(store, ALL) == 0


def test_by_count(store: Store) -> None:
    """So many of each file, the newest."""
    first, second = saves(store, "/config/a", 12, 9), saves(store, "/config/b/c", 3, 9)
    assert pruned(store, Policy(5, 0, 0)) == 7
    assert numbers(store, "/config/a") == first[-5:]
    assert numbers(store, "/config/b/c") == second
    assert pruned(store, Policy(5, 0, 0)) == 0


def test_by_age(store: Store) -> None:
    """Those that are younger than so many days."""
    saves(store, "/config/a", 4, 9)
    age(store, 10 * DAY)
    young = saves(store, "/config/a", 3, 9)
    assert pruned(store, Policy(0, 10, 0)) == 4
    assert numbers(store, "/config/a") == young


def test_by_size(store: Store) -> None:
    """The oldest of all files together go, down to so many bytes of different contents."""
    old = saves(store, "/config/a", 6, 1_000)
    new = saves(store, "/config/b", 6, 1_000)
    assert pruned(store, Policy(0, 0, 8_000)) == 4
    assert numbers(store, "/config/a") == old[-2:]
    assert numbers(store, "/config/b") == new


def test_equal_contents_count_once(store: Store) -> None:
    """A file that goes back and forth needs the room of two."""
    for turn in range(20):
        add(store, "/config/a", (b"x", b"y")[turn % 2] * 1_000)
    age(store, HOUR)
    assert pruned(store, Policy(0, 0, 2_000)) == 0
    assert pruned(store, Policy(0, 0, 1_999)) == 18


@pytest.mark.parametrize("policy", [Policy(1, 0, 0), Policy(0, 1, 0), Policy(0, 0, 1)])
def test_the_last_two_contents_stay(store: Store, policy: Policy) -> None:
    """Whatever the settings say: what the file holds, and what it held before."""
    made = saves(store, "/config/a", 5, 50)
    age(store, 2 * DAY)
    pruned(store, policy)
    assert numbers(store, "/config/a") == made[-2:]


def test_abandoned_saves_do_not_push_out_the_last_two(store: Store) -> None:
    """They never were the file's content; they go like any other."""
    applied = saves(store, "/config/a", 3, 50)
    abandoned = [add(store, "/config/a", b"%d" % turn, State.ABANDONED) for turn in range(5)]
    age(store, HOUR)
    pruned(store, Policy(3, 0, 0))
    assert numbers(store, "/config/a") == applied[-2:] + abandoned[-3:]


def test_a_removal_is_one_of_the_last_two(store: Store) -> None:
    """A file that was removed can still be restored to what it was."""
    made = [*saves(store, "/config/a", 4, 50), add(store, "/config/a", None)]
    age(store, HOUR)
    assert pruned(store, Policy(1, 0, 0)) == 3
    assert numbers(store, "/config/a") == made[-2:]


def test_what_is_under_a_minute_old_stays(store: Store) -> None:
    """Nobody loses the revision whose number he has just read."""
    made = [add(store, "/config/a", b"%d" % turn) for turn in range(6)]
    assert pruned(store, Policy(1, 0, 0)) == 0
    assert numbers(store, "/config/a") == made


def test_a_file_with_an_unsettled_save_is_left_alone(store: Store) -> None:
    """Recovery needs what was there."""
    made = saves(store, "/config/a", 5, 50)
    other = saves(store, "/config/b", 5, 50)
    promise(store, "/config/a", b"old", b"new")
    age(store, HOUR)
    assert pruned(store, Policy(1, 0, 0)) == 3
    assert numbers(store, "/config/a")[:5] == made
    assert numbers(store, "/config/b") == other[-2:]


def test_content_that_another_file_has_stays(store: Store) -> None:
    """It is stored once, for both."""
    kept = add(store, "/elsewhere/b", b"same")
    add(store, "/config/a", b"same")
    saves(store, "/config/a", 3, 50)
    assert pruned(store, Policy(1, 0, 0)) == 2
    with store.reading() as connection:
        assert revisions.data_of(connection, revisions.get(connection, kept)[1]) == b"same"


@pytest.mark.parametrize(
    ("root", "below", "beside"),
    [
        (
            "/config",
            ["/config/a", "/config/b/c/d"],
            ["/config2/a", "/config.yaml", "/conf", "/config-/a", "/config0/a"],
        ),
        ("/config/a.yaml", ["/config/a.yaml"], ["/config/a.yaml.bak", "/config/b", "/config/a"]),
        ("/", ["/a", "/config/ü/b"], []),
    ],
)
def test_only_below_the_root(store: Store, root: str, below: list[str], beside: list[str]) -> None:
    """A directory and all that is in it, or a single file; not what is called alike."""
    made = {path: saves(store, path, 3, 50) for path in below + beside}
    assert pruned(store, Policy(2, 0, 0), root) == len(below)
    assert {path: numbers(store, path) for path in made} == {
        path: found[-2:] if path in below else found for path, found in made.items()
    }


def test_each_root_has_its_own_policy(store: Store) -> None:
    """One of them keeps all."""
    for root in ("/one", "/two"):
        saves(store, f"{root}/a", 6, 50)
    assert sum(prune(store, {"/one": Policy(3, 0, 0), "/two": ALL})) == 3
    assert [len(numbers(store, f"{root}/a")) for root in ("/one", "/two")] == [3, 6]


def test_a_pruned_revision_is_told_from_one_that_never_was(store: Store) -> None:
    """For the answer 410 or 404."""
    made = saves(store, "/config/a", 4, 50)
    pruned(store, Policy(2, 0, 0))
    with store.reading() as connection:
        with pytest.raises(Pruned):
            revisions.get(connection, made[0])
        for never in (0, -1, made[-1] + 1):
            with pytest.raises(NotFound):
                revisions.get(connection, never)


def test_steps_are_small_and_saves_come_in_between(store: Store) -> None:
    """Nothing is held between two steps."""
    saves(store, "/config/a", 100, 50)
    steps = prune(store, {"/config": Policy(2, 0, 0)})
    gone = 0
    for step in steps:
        assert step <= 20
        gone += step
        thread = threading.Thread(target=add, args=[store, "/config/b", b"%d" % gone])
        thread.start()
        thread.join(30)
        assert not thread.is_alive()
    assert gone == 98
    assert len(numbers(store, "/config/b")) == 5


def test_an_error_of_sqlite_has_a_name_of_ours(state: Path) -> None:
    """Also while it is looked for what is to go: who looks after the history knows no sqlite3."""
    store = Store(state)
    saves(store, "/config/a", 5)
    store.close()
    damage(state, "sqlite_autoindex_files_1")
    store = Store(state)
    with pytest.raises(HistoryDamaged):
        list(prune(store, {"/config": Policy(2, 0, 0)}))
    store.close()


def test_room_is_given_back(store: Store) -> None:
    """The file shrinks to what is used and a little more, a few pages at a time."""
    saves(store, "/config/a", 60, 100_000)
    pruned(store, Policy(2, 0, 0))
    with store.reading() as connection:
        (before,) = connection.execute("PRAGMA page_count").fetchone()
    steps = list(give_back(store))
    assert max(steps) <= 32
    with store.reading() as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (256,)
        assert connection.execute("PRAGMA page_count").fetchone()[0] <= before - sum(steps)
        assert sum(steps) > 1_000
        assert verify.problems(connection) == []
    assert list(give_back(store)) == []
