"""confkeep.recovery of saves that belong together: by a table of what a crash can have left of two of them."""

from __future__ import annotations

import itertools
import logging
import os
import signal
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from confkeep.etag import etag_of, version_of
from confkeep.expect import Expect
from confkeep.history import intents
from confkeep.history.intents import Promise
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store
from confkeep.keeper import Request
from tests.support.batches import OTHER_NAME, Batch
from tests.support.sites import Site, Watch, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confkeep.recovery import Recovered

OLD, NEW = b"old: 1\n", b"NEW: 22\nMORE: 333\n"
TORN, OTHER = NEW[:5] + OLD[5:], b"by: hand\n"
#: What is longer than the contents is written to the history.
LOG: Final = 1000


@dataclass(frozen=True)
class Kind:
    """A member: what it goes from and to, its route, and what a crash or somebody else can leave of it."""

    name: str
    old: bytes | None
    new: bytes | None
    route: str

    @property
    def left(self) -> dict[str, bytes | None]:
        """Each class of content; what looks torn is somebody's edit where nothing is written in place."""
        found: dict[str, bytes | None] = {"old": self.old, "new": self.new, "other": OTHER}
        if self.route == "overwrite":
            found["torn"] = TORN
        if None not in {self.old, self.new}:
            found["absent"] = None
        return found


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("in-place", OLD, NEW, "overwrite"),
        Kind("replaced", OLD, NEW, "replace"),
        Kind("created", None, NEW, "replace"),
        Kind("removed", OLD, None, "replace"),
    )
}
PAIRS: Final = [*itertools.combinations(KINDS, 2), ("in-place", "in-place"), ("replaced", "replaced")]


@dataclass(frozen=True)
class Case:
    """Two members of one batch, what was left of each, and whether they were being put back."""

    kinds: tuple[Kind, Kind]
    left: tuple[str, str]
    back: bool

    def __str__(self) -> str:
        return f"{[kind.name for kind in self.kinds]} {self.left} back={self.back}"

    def expected(self) -> list[bytes | None]:
        """What crash.md says is there after recovery."""
        return [self._expected(kind, left) for kind, left in zip(self.kinds, self.left, strict=True)]

    def _expected(self, kind: Kind, left: str) -> bytes | None:
        if left in {"other", "absent"}:
            return kind.left[left]
        if self.back:
            return kind.old
        if left == "torn":
            return kind.new
        mixed = set(self.left) & {"new", "torn"} and not set(self.left) & {"other", "absent"}
        return kind.new if mixed else kind.left[left]


CASES: Final = [
    Case((KINDS[first], KINDS[second]), left, back)
    for first, second in PAIRS
    for left in itertools.product(KINDS[first].left, KINDS[second].left)
    for back in (False, True)
]


def made(directory: Path, case: Case) -> Batch:
    """What the crash has left: an open batch in the history, and the files."""
    names = [f"{at}-{kind.name}.yaml" for at, kind in enumerate(case.kinds)]
    members = {name: (kind.old, kind.new) for name, kind in zip(names, case.kinds, strict=True)}
    batch = Batch(directory / "config", directory / "state", members)
    batch.directory.mkdir(parents=True)
    with batch.keeper() as keeper, keeper.store.durable() as connection:
        number: int | None = None
        for name, kind in zip(names, case.kinds, strict=True):
            added = intents.promise(connection, promised(batch, name, kind), number)
            number = added if number is None else number
        if case.back:
            assert number is not None
            intents.turn_back(connection, number)
    for name, kind, left in zip(names, case.kinds, case.left, strict=True):
        batch.put(name, kind.left[left])
    return batch


def promised(batch: Batch, name: str, kind: Kind) -> Promise:
    """What is to become of one, which is there."""
    path = batch.directory / name
    batch.put(name, kind.old)
    if kind.route == "overwrite":
        (batch.directory / (OTHER_NAME + name)).hardlink_to(path)
    return Promise(
        os.fspath(path),
        None if kind.old is None else (path.stat().st_dev, path.stat().st_ino),
        mount_root=False,
        old=None if kind.old is None else version_of(kind.old),
        new=None if kind.new is None else version_of(kind.new),
        route=kind.route,
        author=LIBRARY,
    )


def recovered(batch: Batch) -> list[Recovered]:
    """By the next process."""
    with batch.keeper() as keeper:
        return keeper.recover()


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_the_table(disk: Path, pair: tuple[str, str]) -> None:
    """Every combination of what is left of two: what crash.md says, and a second recovery finds nothing to do."""
    wrong: list[str] = []
    cases = [case for case in CASES if tuple(kind.name for kind in case.kinds) == pair]
    for number, case in enumerate(cases):
        batch = made(disk / str(number), case)
        told = recovered(batch)
        present = list(batch.present().values())
        again = recovered(batch)
        if present != case.expected() or not all(each.settled for each in told) or again or batch.recover():
            wrong.append(f"{case}: {present}, {[each.detail for each in told]}, {again}")
        wrong += [f"{case}: not in the history: {each!r}" for each in lost(batch, case)]
        if list(batch.present().values()) != present:
            wrong.append(f"{case}: not the same after a second recovery")
    assert wrong == [], "\n".join(wrong)
    assert len(cases) >= 18


def lost(batch: Batch, case: Case) -> list[bytes]:
    """Contents that were there, or promised, and that nobody could get back."""
    kept = [each for name in batch.members for each in batch.contents(name)]
    before = [content for kind, left in zip(case.kinds, case.left, strict=True) for content in _all_of(kind, left)]
    return [each for each in before if each is not None and each not in kept]


def _all_of(kind: Kind, left: str) -> tuple[bytes | None, bytes | None, bytes | None]:
    return kind.old, kind.new, kind.left[left]


@pytest.mark.parametrize("back", [False, True])
def test_what_is_told(disk: Path, back: bool) -> None:  # noqa: FBT001 - a column
    """Each member's state in the history is what became of it."""
    kinds = KINDS["replaced"], KINDS["in-place"]
    batch = made(disk, Case(kinds, ("new", "old"), back))
    told = recovered(batch)
    assert all(("undone" in each.detail or "not begun" in each.detail) == back for each in told)
    with batch.keeper() as keeper:
        states = [keeper.history(batch.root, name, 1)[0].state for name in batch.members]
    assert set(states) == {State.ABANDONED if back else State.APPLIED}


#: Something is written in each of them.
WRITTEN: Final = [
    Case((KINDS["in-place"], KINDS["replaced"]), ("torn", "old"), back=False),
    Case((KINDS["in-place"], KINDS["replaced"]), ("torn", "new"), back=True),
    Case((KINDS["in-place"], KINDS["replaced"]), ("torn", "other"), back=False),
    Case((KINDS["in-place"], KINDS["removed"]), ("new", "old"), back=False),
    Case((KINDS["in-place"], KINDS["removed"]), ("new", "new"), back=True),
    Case((KINDS["replaced"], KINDS["created"]), ("new", "old"), back=False),
    Case((KINDS["replaced"], KINDS["created"]), ("old", "new"), back=False),
    Case((KINDS["replaced"], KINDS["created"]), ("new", "new"), back=True),
    Case((KINDS["created"], KINDS["removed"]), ("new", "new"), back=True),
    Case((KINDS["created"], KINDS["removed"]), ("old", "new"), back=False),
    Case((KINDS["in-place"], KINDS["in-place"]), ("torn", "old"), back=False),
    Case((KINDS["replaced"], KINDS["replaced"]), ("other", "new"), back=True),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "linked"),
    [*((case, False) for case in WRITTEN), *((WRITTEN[number], True) for number in (0, 1, 6, 7))],
    ids=str,
)
def test_a_second_crash(disk: Path, case: Case, linked: bool) -> None:  # noqa: FBT001 - a column
    """Killed at each site of the recovery: the next one brings the same result.

    ``linked``: a file that was to be replaced has a second name by now, so that it is repaired in place.
    """
    count = itertools.count()
    wrong: list[str] = []

    def scene() -> Batch:
        batch = made(disk / str(next(count)), case)
        for name in batch.members:
            other = batch.directory / (OTHER_NAME + name)
            if linked and not other.exists() and batch.content(name) is not None:
                other.hardlink_to(batch.directory / name)
        return batch

    batch = scene()
    number = in_a_child(lambda: _watched(batch, _nothing))
    for at in range(number):
        batch = scene()
        assert in_a_child(partial(_watched, batch, _kill_at(at))) is None
        told = batch.recover()
        present = list(batch.present().values())
        if present != case.expected() or told:
            wrong.append(f"killed at {at}: {present} {told}")
    logging.getLogger(__name__).info("%s linked=%s: %d kills", case, linked, number)
    assert wrong == [], "\n".join(wrong)
    assert number >= 20


def _nothing(*_: object) -> None:
    """At none of them."""


def _kill_at(number: int) -> Callable[[int, Site], None]:
    def act(at: int, _: Site) -> None:
        if at == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return act


def _watched(batch: Batch, act: Callable[[int, Site], None]) -> int:
    """Recover, written in pieces; ``act`` at each site before it. How many there were."""
    numbers = itertools.count()

    def at(site: Site) -> None:
        if site.when == "before":
            act(next(numbers), site)

    pwrite = os.pwrite

    def in_pieces(fd: int, data: memoryview, offset: int) -> int:
        return pwrite(fd, data[:5] if len(data) < LOG else data, offset)

    with batch.keeper() as keeper, pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "pwrite", in_pieces)
        with Watch(at):
            keeper.recover()
    return next(numbers)


def test_a_member_whose_directory_is_gone(disk: Path) -> None:
    """A volume that is not mounted yet: the whole batch stays open and says so; when it is there, all is settled."""
    batch = made(disk, Case((KINDS["replaced"], KINDS["in-place"]), ("new", "old"), back=False))
    name = batch.directory.with_name("away")
    batch.directory.rename(name)
    told = recovered(batch)
    assert [each.settled for each in told] == [False, False]
    assert all(os.fspath(batch.directory) in each.detail for each in told)
    name.rename(batch.directory)
    assert all(each.settled for each in recovered(batch))
    assert batch.present() == batch.new


def test_only_what_was_made_durable_counts(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record is brought to the disk before the first of the files is touched, and a torn one is recorded first."""
    batch = made(disk, Case((KINDS["replaced"], KINDS["in-place"]), ("old", "torn"), back=False))
    order: list[str] = []
    make_durable = Store.make_durable

    def durable(store: Store) -> None:
        order.append("durable")
        make_durable(store)

    def seen(fd: int, data: memoryview, offset: int) -> int:
        order.append("write")
        return pwrite(fd, data, offset)

    pwrite = os.pwrite
    monkeypatch.setattr(Store, "make_durable", durable)
    monkeypatch.setattr(os, "pwrite", seen)
    recovered(batch)
    assert order[0] == "durable"
    assert order.count("write") >= 2
    assert TORN in batch.contents("1-in-place.yaml")


@pytest.mark.parametrize("content", [OTHER, OLD, NEW])
@pytest.mark.parametrize("kind", ["replaced", "in-place"])
def test_a_number_that_is_used_again(disk: Path, kind: str, content: bytes) -> None:
    """A file with the inode number that one of the batch had before is another file: each is settled for itself."""
    batch = made(disk, Case((KINDS[kind], KINDS["replaced"]), ("new", "old"), back=False))
    other = batch.directory / "unrelated.yaml"
    other.write_bytes(content)
    with batch.keeper() as keeper:
        first = keeper.unsettled()[0]
        identity = (other.stat().st_dev, other.stat().st_ino)
        with keeper.store.durable() as connection:
            intents.take_other_route(connection, first.revision, first.route, identity)
        expect = Expect(etags=frozenset({etag_of(content)}))
        keeper.save(batch.root, other.name, Request(b"mine: 1\n", expect))
        keeper.recover()
    assert batch.present() == batch.new
    assert other.read_bytes() == b"mine: 1\n"
