"""Start again after a power cut: recover, and look whether everything is there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files import leftovers
from confkeep.history.revisions import State
from confkeep.keeper import Keeper
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from tests.power.scenario import Contents, Scenario
    from tests.power.world import World
    from tests.support.blocklog import Entry, Sectors

#: The mark in the log of a recovery where it had settled everything.
RECOVERED: Final = "recovered"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one recovery left, and its own log, from before its mount."""

    contents: Contents
    recorded: dict[str, set[str]]
    found: list[str]
    log: list[Entry]
    wrong: list[str]


def recover(world: World, scenario: Scenario, images: list[Sectors], *, go_on: bool = False) -> Seen:
    """Start again with these disks, and look at what recovery leaves; ``go_on``: and save once more."""
    world.disks.load(images)
    with world.up(), Keeper(world.state) as keeper:
        settled = keeper.recover()
        world.disks.mark(RECOVERED)
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
    leftovers._swept.clear()  # noqa: SLF001 - as in a new process # pyright: ignore[reportPrivateUsage]
    step = scenario.steps[0]
    scenario.save(keeper, world, step)
    wrong = [f"{name} could not be saved again" for name in step.changes if world.present(name) != step.changes[name]]
    return wrong + [f"{name} is left over" for name in os.listdir(world.files) if leftovers.is_temporary(name)]


def _applied(keeper: Keeper, world: World, name: str) -> set[str]:
    """The etags that the history says the file has had."""
    revisions = keeper.history(world.root(name), name, 1000)
    return {revision.etag for revision in revisions if revision.state is State.APPLIED and revision.etag}
