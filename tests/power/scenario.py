"""What is saved while the log is written, and what must be there afterwards."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.documents.check import Validate
from confkeep.expect import ABSENT, ANYTHING
from confkeep.keeper import Keeper, Request
from tests.power.world import BOUND, LINKED, World

if TYPE_CHECKING:
    from collections.abc import Callable

REPLACED: Final = "replaced.conf"
CREATED: Final = "created.conf"
#: What is in each file; None where it does not exist.
Contents: TypeAlias = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Step:
    """One save of all ``changes`` together, after a pause of so many seconds."""

    changes: dict[str, bytes]
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
    expect = ABSENT if world.present(name) is None else ANYTHING
    keeper.save(world.root(name), name, Request(data, expect, validate=Validate.OFF))


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


def one_file(name: str) -> Scenario:
    """Three saves of one file, which grows."""
    whole = single_files()
    contents = [bytes([letter]) * size for letter, size in ((97, 5000), (98, 13000), (99, 9000))]
    return Scenario(whole.first, [Step({name: content}) for content in contents], save_one)
