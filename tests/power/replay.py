"""Record a scenario on a disk that logs, then cut the power at positions of the log, recover, and look."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.etag import etag_of
from confkeep.files import leftovers
from confkeep.history.revisions import State
from confkeep.keeper import Keeper
from tests.power.scenario import ANSWERED, BEGUN, Contents, Scenario
from tests.power.world import TARGETS, World, open_world
from tests.support.blocklog import Cut, Entry, Loss, Sectors, after, marks, positions
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Cuts of one log at least, where it is long enough: as many again lose something.
POINTS: Final = 150
#: One of so many cuts after which recovery had nothing to do, or had: there the power fails again, so many times.
_AGAIN: Final = {False: 60, True: 6}
_AGAIN_POINTS: Final = 3
_RECOVERED: Final = "recovered"
_LOSSES: Final = (Loss.SECTORS, Loss.WRITES, Loss.ALL)


@dataclass(frozen=True, slots=True)
class Recording:
    """A log, and what the disks were when it began."""

    scenario: Scenario
    bases: list[Sectors]
    log: list[Entry]


@dataclass(slots=True)
class Figures:
    """What was tried and what came of it. ``violations`` say where: the seed and the position replay them."""

    points: int = 0
    lossy: int = 0
    second: int = 0
    seconds: float = 0.0
    found: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])

    def __str__(self) -> str:
        found = ", ".join(f"{count} {what}" for what, count in sorted(self.found.items()))
        return (
            f"{self.points} points, {self.lossy} lossy, {self.second} second crashes, {len(self.violations)} violations,"
            f" {self.seconds:.1f} s; recovery found {found}"
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What one recovery left, and its own log, from before its mount."""

    contents: Contents
    recorded: dict[str, set[str]]
    found: list[str]
    log: list[Entry]
    wrong: list[str]


def record(world: World, scenario: Scenario) -> Recording:
    """Run ``scenario`` on fresh disks, with a state that has been used before."""
    bases = prepared(world, scenario)
    world.disks.load(bases)
    with world.up():
        with Keeper(world.state) as keeper:
            scenario.run(keeper, world)
        log = world.disks.take_log()
    return Recording(scenario, bases, log)


def figures_of(names: list[str], scenario: Scenario, scratch: Path, points: int = POINTS) -> Figures:
    """Record and replay ``scenario`` on fresh disks with these filesystems: what docs/reliability.md quotes."""
    with open_world(names, scratch) as made:
        return replay(made, record(made, scenario), points=points)


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


def cuts(recording: Recording, points: int, seed: int) -> Iterator[Cut]:
    """At each position the plain prefix, and one that loses something: of all disks, or only of the targets'."""
    chance = random.Random(seed)
    for at in positions(recording.log, points, seed):
        yield Cut(at)
        yield Cut(at, chance.choice(_LOSSES), seed, chance.choice((None, frozenset({TARGETS}))))


def replay(
    world: World, recording: Recording, *, points: int = POINTS, seed: int = 1, enough: int | None = None
) -> Figures:
    """Cut the power at ``points`` positions; recover and look each time. Stops after ``enough`` violations."""
    figures = Figures()
    begun = time.monotonic()
    turn: Counter[bool] = Counter()
    for cut in cuts(recording, points, seed):
        if enough is not None and len(figures.violations) >= enough:
            break
        images = after(cut, recording.log, recording.bases)
        seen = recover(world, recording.scenario, images)
        figures.points += cut.loss is Loss.NOTHING
        figures.lossy += cut.loss is not Loss.NOTHING
        figures.found.update(seen.found)
        wrong = seen.wrong + judge(recording, cut.position, seen)
        figures.violations += [f"{cut}: {what}" for what in wrong]
        busy = bool(seen.found)
        turn[busy] += 1
        if turn[busy] % _AGAIN[busy] == 0:
            _again(world, recording, cut, images, seen, figures)
    figures.seconds = time.monotonic() - begun
    return figures


def _again(
    world: World, recording: Recording, cut: Cut, images: list[Sectors], seen: Seen, figures: Figures
) -> None:
    """Cut the power again, at positions of the recovery after ``cut``; what it had settled must stay so."""
    chance = random.Random(cut.position)
    every = range(len(seen.log) + 1)
    for at in sorted(chance.sample(every, min(_AGAIN_POINTS, len(every)))):
        second = Cut(at, chance.choice(list(Loss)), cut.position)
        later = recover(world, recording.scenario, after(second, seen.log, images), go_on=True)
        wrong = later.wrong + judge(recording, cut.position, later)
        if _RECOVERED in marks(seen.log[:at]) and later.contents != seen.contents:
            wrong.append("what was recovered has changed")
        figures.second += 1
        figures.violations += [f"{cut}, then {second}: {what}" for what in wrong]


def recover(world: World, scenario: Scenario, images: list[Sectors], *, go_on: bool = False) -> Seen:
    """Start again with these disks, and look at what recovery leaves; ``go_on``: and save once more."""
    world.disks.load(images)
    with world.up():
        with Keeper(world.state) as keeper:
            settled = keeper.recover()
            world.disks.mark(_RECOVERED)
            wrong = [f"not settled: {one}" for one in settled if not one.settled]
            wrong += ["an intent is open"] * bool(open_intents(keeper))
            recorded = {name: _applied(keeper, world, name) for name in scenario.names()}
            contents = {name: world.present(name) for name in scenario.names()}
            log = world.disks.take_log()
            if go_on:
                wrong += _go_on(keeper, world, scenario)
    return Seen(contents, recorded, [str(one.found) for one in settled if one.found], log, wrong)


def _go_on(keeper: Keeper, world: World, scenario: Scenario) -> list[str]:
    """A save after the recovery does what it says, and leaves no temporary file of a dead one behind."""
    leftovers._swept.clear()  # noqa: SLF001 - as in a new process
    step = scenario.steps[0]
    scenario.save(keeper, world, step)
    wrong = [f"{name} could not be saved again" for name in step.changes if world.present(name) != step.changes[name]]
    return wrong + [f"{name} is left over" for name in os.listdir(world.files) if leftovers.is_temporary(name)]


def _applied(keeper: Keeper, world: World, name: str) -> set[str]:
    """The etags that the history says the file has had."""
    revisions = keeper.history(world.root(name), name, 1000)
    return {revision.etag for revision in revisions if revision.state is State.APPLIED}


def judge(recording: Recording, position: int, seen: Seen) -> list[str]:
    """What is wrong after a power cut there: each answered step is in files and history, and none is half done."""
    texts = marks(recording.log[:position])
    answered, begun = texts.count(ANSWERED), texts.count(BEGUN)
    wrong = [
        f"the history has lost step {number} of {name}"
        for number, step in enumerate(recording.scenario.steps[:answered])
        for name, content in step.changes.items()
        if etag_of(content) not in seen.recorded[name]
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
