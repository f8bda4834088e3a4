"""Cut the power at positions of a recorded log, recover, and look."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.power.recording import Recording, judge, record
from tests.power.restart import RECOVERED, Seen, recover
from tests.power.world import TARGETS, World, open_world
from tests.support.blocklog import Cut, Loss, Sectors, after, marks, positions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.power.scenario import Scenario

#: Cuts of one log at least, where it is long enough: as many again lose something.
POINTS: Final = 150
#: One of so many cuts after which recovery had nothing to do, or had: there the power fails again, so many times.
_AGAIN: Final = {False: 60, True: 6}
_AGAIN_POINTS: Final = 3
_LOSSES: Final = (Loss.SECTORS, Loss.WRITES, Loss.ALL)


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
            f"{self.points} points, {self.lossy} lossy, {self.second} second crashes,"
            f" {len(self.violations)} violations, {self.seconds:.1f} s; recovery found {found}"
        )


def figures_of(names: list[str], scenario: Scenario, scratch: Path, points: int = POINTS) -> Figures:
    """Record and replay ``scenario`` on fresh disks with these filesystems: what docs/reliability.md quotes."""
    with open_world(names, scratch) as made:
        return replay(made, record(made, scenario), points=points)


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
            _again(world, recording, _Once(cut, images, seen), figures)
    figures.seconds = time.monotonic() - begun
    return figures


def cuts(recording: Recording, points: int, seed: int) -> Iterator[Cut]:
    """At each position the plain prefix, and one that loses something: of all disks, or only of the targets'."""
    chance = random.Random(seed)
    for at in positions(recording.log, points, seed):
        yield Cut(at)
        yield Cut(at, chance.choice(_LOSSES), seed, chance.choice((None, frozenset({TARGETS}))))


@dataclass(frozen=True, slots=True)
class _Once:
    """A power cut, what it left of the disks, and what recovery made of that."""

    cut: Cut
    images: list[Sectors]
    seen: Seen


def _again(world: World, recording: Recording, once: _Once, figures: Figures) -> None:
    """Cut the power again, at positions of the recovery after ``once``; what it had settled must stay so."""
    log, position = once.seen.log, once.cut.position
    chance = random.Random(position)
    every = range(len(log) + 1)
    for at in sorted(chance.sample(every, min(_AGAIN_POINTS, len(every)))):
        second = Cut(at, chance.choice(list(Loss)), position)
        later = recover(world, recording.scenario, after(second, log, once.images), go_on=True)
        wrong = later.wrong + judge(recording, position, later)
        if RECOVERED in marks(log[:at]) and later.contents != once.seen.contents:
            wrong.append("what was recovered has changed")
        figures.second += 1
        figures.violations += [f"{once.cut}, then {second}: {what}" for what in wrong]
