"""Plays a scenario with the real keeper: each step it takes, the machine after it, and what is due then."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from confkeep.errors import ConfkeepError
from confkeep.etag import etag_of
from confkeep.expect import ABSENT, ANYTHING, Expect
from confkeep.keeper import Request
from tests.model.due import Due, State
from tests.model.intruding import Intrusion, make
from tests.model.machine import Noted
from tests.model.recorder import DISK
from tests.model.scenarios import Edit, Idle, Save, Scenario

if TYPE_CHECKING:
    from confkeep.keeper import Keeper
    from tests.model.intruding import Intruder
    from tests.model.machine import Machine, Step
    from tests.model.world import World

class Moment(NamedTuple):
    """After ``step``."""

    step: Step
    machine: Machine
    due: Due


class Broken(Exception):
    """A save itself did not do what it said: no crash is needed to see it."""


def play(world: World, scenario: Scenario, intruder: Intruder | None = None, at: int = 0) -> list[Moment] | None:
    """The moments of ``scenario``; ``intruder`` comes at the ``at``-th opportunity. None when there are not so many.

    Raises Broken.
    """
    state = tuple(scenario.before.items())
    due = Due(frozenset({state}), frozenset(), (), scenario.in_place)
    intrusion = None
    playing = _Play(world, scenario, due, state)
    if intruder is not None:
        intrusion = playing.intrusion = Intrusion(world, intruder, at, playing.edit)
    moments = playing.moments(world.fresh(scenario.before))
    return moments if intrusion is None or intrusion.has_come else None


def play_again(world: World, scenario: Scenario, machine: Machine, due: Due, state: State) -> list[Moment]:
    """The same saves once more, on a ``machine`` that has recovered and holds ``state``. Raises Broken."""
    due = dataclasses.replace(due, allowed=frozenset({state}))
    return _Play(world, scenario, due, state).moments(machine)


class _Play:
    def __init__(self, world: World, scenario: Scenario, due: Due, state: State) -> None:
        self.world, self.scenario = world, scenario
        self.root = world.root(in_place=scenario.in_place)
        self.intrusion: Intrusion | None = None
        self.state = dict(state)
        self.due = due
        self.dues: list[Due] = []
        self.wanted: dict[str, bytes] = {}
        self.completed: list[State] = []

    def moments(self, machine: Machine) -> list[Moment]:
        world = self.world
        world.still.stages_late = self.scenario.stages_late
        with world.start(machine.view()) as keeper, world.recorder.on(machine) as steps:
            world.recorder.before = self.intrusion
            try:
                for step in self.scenario.steps:
                    self._take(keeper, step)
            finally:
                world.recorder.before = None
            self._catch_up()
        return [Moment(step, after, due) for (step, after), due in zip(steps, self.dues, strict=True)]

    def _take(self, keeper: Keeper, step: Save | Idle | Edit) -> None:
        if isinstance(step, Save):
            self._save(keeper, step)
        elif isinstance(step, Edit):
            self.edit(step)
            make(self.world, step)
        else:
            keeper.store.make_durable()

    def _save(self, keeper: Keeper, save: Save) -> None:
        ((name, new),) = save.files.items()
        seen = self.state[name]
        self._catch_up()
        self.wanted = save.files
        changed = () if seen is None or seen == new else ((name, seen, new),)
        self.due = dataclasses.replace(self.due, saves=self.due.saves + changed)
        self._allow()
        self.world.recorder.add(Noted(f"a save of {name} begins"))
        try:
            keeper.save(self.root, name, Request(new, _expected(seen, blind=save.blind)))
        except ConfkeepError as error:
            if self.intrusion is None:
                raise Broken(f"nobody disturbed the save of {name}, and it was refused: {error}") from error
            self._ended(name, f"refused: {error}", {self.state[name]})
        else:
            self._ended(name, "answered", {new, self.state[name]} if self.intrusion else {new}, kept=frozenset({(name, new)}))

    def _ended(
        self,
        name: str,
        how: str,
        may_hold: set[bytes | None],
        kept: frozenset[tuple[str, bytes]] = frozenset(),
    ) -> None:
        machine = self.world.recorder.machine
        held = None if machine is None else machine.holds(f"{DISK}/{name}")
        if held not in may_hold:
            raise Broken(f"the save of {name} was {how}, and the file holds {held and held[:24]!r}")
        self._catch_up()
        self.state[name] = held
        self.wanted = {}
        self.due = dataclasses.replace(self.due, kept=self.due.kept | kept)
        self._allow()
        self.world.recorder.add(Noted(f"the save of {name} was {how}"))

    def _allow(self) -> None:
        """All old or all new; or what an edit that looks like a torn save is completed to."""
        states = (self.state, self.state | self.wanted)
        allowed = frozenset({*self.completed, *(tuple(state.items()) for state in states)})
        self.due = dataclasses.replace(self.due, allowed=allowed)

    def _catch_up(self) -> None:
        """What has been due so far is due at each step so far."""
        self.dues += [self.due] * (len(self.world.recorder.steps) - len(self.dues))

    def edit(self, edit: Edit) -> None:
        self._catch_up()
        same_file = edit.how == "in place" and self.state[edit.name] is not None
        self.due = self.due.after(edit, same_file=same_file)
        self.completed = [state for state in self.due.allowed if dict(state)[edit.name] != edit.content]
        self.state[edit.name] = edit.content
        self._allow()


def _expected(seen: bytes | None, *, blind: bool) -> Expect:
    if seen is None:
        return ABSENT
    return ANYTHING if blind else Expect(etags=frozenset({etag_of(seen)}))
