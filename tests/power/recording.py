"""A scenario that was run on disks that log, and what must be there after a power cut in the middle of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.etag import etag_of
from confkeep.keeper import Keeper
from tests.power.scenario import ANSWERED, BEGUN, Scenario
from tests.support.blocklog import Cut, Entry, Sectors, after, marks

if TYPE_CHECKING:
    from tests.power.restart import Seen
    from tests.power.world import World


@dataclass(frozen=True, slots=True)
class Recording:
    """A log, and what the disks were when it began."""

    scenario: Scenario
    bases: list[Sectors]
    log: list[Entry]


def record(world: World, scenario: Scenario) -> Recording:
    """Run ``scenario`` on fresh disks, with a state that has been used before."""
    bases = prepared(world, scenario)
    world.disks.load(bases)
    with world.up():
        with Keeper(world.state) as keeper:
            scenario.run(keeper, world)
        log = world.disks.take_log()
    return Recording(scenario, bases, log)


def prepared(world: World, scenario: Scenario) -> list[Sectors]:
    """Disks with the first contents of ``scenario`` and an empty history."""
    disks = world.disks
    fresh: list[Sectors] = [{} for _ in disks.names]
    disks.load(fresh)
    with disks.mounted():
        world.prepare(scenario.first)
        Keeper(world.state).close()
    log = disks.take_log()
    return after(Cut(len(log)), log, fresh)


def judge(recording: Recording, position: int, seen: Seen) -> list[str]:
    """What is wrong after a power cut there: each answered step is in files and history, and none is half done."""
    texts = marks(recording.log[:position])
    answered, begun = texts.count(ANSWERED), texts.count(BEGUN)
    wrong = [
        f"the history has lost step {number} of {name}"
        for number, step in enumerate(recording.scenario.steps[:answered])
        for name, content in step.changes.items()
        if content is not None and etag_of(content) not in seen.recorded[name]
    ]
    allowed = [recording.scenario.after(steps) for steps in range(answered, begun + 1)]
    if seen.contents in allowed:
        return wrong
    strange = [
        f"{name} holds {_short(content)} after {answered} answers, not {' or '.join(_short(a[name]) for a in allowed)}"
        for name, content in seen.contents.items()
        if content not in [one[name] for one in allowed]
    ]
    return wrong + (strange or ["a step was done in part"])


def _short(content: bytes | None) -> str:
    return "nothing" if content is None else f"{len(content)} bytes ({etag_of(content)[:8]})"
