"""What is saved while the log is written, and what must be there afterwards."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.documents.check import Validate
from confkeep.expect import ABSENT, ANYTHING
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper, Request
from confkeep.transaction import Change
from tests.power.world import BOUND, LINKED, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.expect import Expect

REPLACED: Final = "replaced.conf"
CREATED: Final = "created.conf"
#: What is in each file; None where it does not exist.
Contents: TypeAlias = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One save of all ``changes`` together (None: a removal), after a pause of so many seconds."""

    changes: Contents
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps, one after the other, and how one is saved. A step is seen wholly or not at all."""

    first: dict[str, bytes]
    steps: list[Step]
    save: Callable[[Keeper, World, Step], None]

    def after(self, steps: int) -> Contents:
        """What the files hold after so many steps."""
        contents: Contents = dict.fromkeys(self.names())
        contents.update(self.first)
        for step in self.steps[:steps]:
            contents.update(step.changes)
        return contents

    def names(self) -> list[str]:
        """Every file that there ever is."""
        return sorted({*self.first, *(name for step in self.steps for name in step.changes)})

    def run(self, keeper: Keeper, world: World) -> None:
        """Take every step; the log of the disks says when it began and when it was answered."""
        for step in self.steps:
            time.sleep(step.pause)
            world.disks.mark(BEGUN)
            self.save(keeper, world, step)
            world.disks.mark(ANSWERED)


BEGUN: Final = "begun"
ANSWERED: Final = "answered"


def save_one(keeper: Keeper, world: World, step: Step) -> None:
    """Save the one file of ``step``."""
    ((name, data),) = step.changes.items()
    assert data is not None
    keeper.save(world.root(name), name, Request(data, _expected(world, name), validate=Validate.OFF))


def save_together(keeper: Keeper, world: World, step: Step) -> None:
    """Save or remove all files of ``step`` in one transaction."""
    changes = [
        Change(world.root(name), name, data, _expected(world, name), Validate.OFF)
        for name, data in step.changes.items()
    ]
    keeper.transaction(changes, LIBRARY)


def _expected(world: World, name: str) -> Expect:
    return ABSENT if world.present(name) is None else ANYTHING


#: Longer than a save's intent stays open on an idle disk (history/flusher.py), seconds.
_IDLE: Final = 0.7


def single_files() -> Scenario:
    """Single files by each route: created, grown, shrunk, rewritten, emptied; one content comes twice."""
    chance = random.Random(5)

    def content(size: int) -> bytes:
        return bytes(chance.choices(b"abcdefghijklmnopqrstuvwxyz\n", k=size))

    again, twice = content(9000), content(9000)
    return Scenario(
        first={REPLACED: content(300), LINKED: content(500), BOUND: content(6000)},
        steps=[
            Step({REPLACED: content(9000)}),
            Step({LINKED: content(13000)}),
            Step({BOUND: content(6000)}),
            Step({CREATED: content(5000)}),
            Step({LINKED: content(700)}),
            Step({BOUND: content(30000)}),
            Step({REPLACED: content(100)}),
            Step({LINKED: again}),
            Step({LINKED: twice}),
            Step({LINKED: again}),
            Step({BOUND: content(30000)}, pause=_IDLE),
            Step({REPLACED: b""}),
            Step({BOUND: content(50)}),
            Step({LINKED: b""}),
            Step({LINKED: content(20000)}),
            Step({CREATED: content(17000)}),
            Step({REPLACED: content(20000)}),
            Step({BOUND: content(4096)}),
        ],
        save=save_one,
    )


def several_files() -> Scenario:
    """Transactions over files of every route, some of which are created or removed."""
    chance = random.Random(6)

    def content(size: int) -> bytes:
        return bytes(chance.choices(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ\n", k=size))

    same = content(9000)
    return Scenario(
        first={REPLACED: content(300), LINKED: content(500), BOUND: content(6000)},
        steps=[
            Step({REPLACED: content(9000), LINKED: content(13000)}),
            Step({BOUND: content(6000), LINKED: content(13000)}),
            Step({CREATED: content(5000), REPLACED: content(200), BOUND: content(20000)}),
            Step({LINKED: content(700), BOUND: same, REPLACED: content(17000)}),
            Step({CREATED: None, LINKED: content(9000)}),
            Step({BOUND: same, LINKED: content(20000)}, pause=_IDLE),
            Step({REPLACED: None, CREATED: content(9000), BOUND: content(50)}),
            Step({REPLACED: content(5000), LINKED: b"", BOUND: content(30000)}),
            Step({CREATED: None, REPLACED: None, LINKED: content(30000)}),
        ],
        save=save_together,
    )


def one_file(name: str, *sizes: int) -> Scenario:
    """Saves of one file, each of its own letter."""
    steps = [Step({name: bytes([letter]) * size}) for letter, size in enumerate(sizes, ord("a"))]
    return Scenario(single_files().first, steps, save_one)


def hole(size: int) -> Scenario:
    """Saves over a file that is one hole: its blocks are new, and count as unwritten until a write has succeeded."""
    contents = [bytes([letter]) * size for letter in b"abc"]
    steps = [Step({name: content}) for name, content in zip((REPLACED, LINKED, LINKED), contents, strict=True)]
    return Scenario({**single_files().first, LINKED: bytes(size)}, steps, save_one)
