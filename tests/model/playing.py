"""Plays a scenario with the real keeper: each step it takes, the machine after it, and what is due then."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from confkeep.errors import ConfkeepError
from confkeep.etag import etag_of
from confkeep.expect import ABSENT, ANYTHING, Expect
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Request
from confkeep.transaction import Change
from tests.model.due import Due, State
from tests.model.intruding import Intrusion, make
from tests.model.machine import Noted
from tests.model.recorder import DISK
from tests.model.scenarios import Edit, Idle, Save, Scenario
from tests.model.world import root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkeep.files.root import Root
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
    due = Due(frozenset({state}), frozenset(), (), scenario.torn())
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
        self.intrusion: Intrusion | None = None
        self.state = dict(state)
        self.due = due
        self.dues: list[Due] = []
        self.wanted: Mapping[str, bytes | None] = {}
        self.completed: list[State] = []  # for good: an edit may look torn until its intent is closed
        self.unlike: list[State] = []  # until the save has ended: its other files may be old or new

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
        what = " and ".join(save.files)
        self._catch_up()
        self.wanted = save.files
        changed = [(name, self.state[name], new) for name, new in save.files.items() if new != self.state[name]]
        self.due = dataclasses.replace(self.due, saves=(*self.due.saves, *changed))
        self._allow()
        self.world.recorder.add(Noted(f"a save of {what} begins"))
        try:
            ask(keeper, save, self.state, self._root)
        except ConfkeepError as error:
            if self.intrusion is None:
                raise Broken(f"nobody disturbed the save of {what}, and it was refused: {error}") from error
            self._ended(f"the save of {what} was refused: {error}", {})
        else:
            self._ended(f"the save of {what} was answered", save.files)

    def _root(self, name: str) -> Root:
        return root(self.world.disk, in_place=name in self.due.in_place)

    def _ended(self, how: str, saved: Mapping[str, bytes | None]) -> None:
        """With the new contents, or with those of an edit that came meanwhile."""
        machine = self.world.recorder.machine
        for name, was in self.state.items():
            held = None if machine is None else machine.holds(f"{DISK}/{name}")
            expected = {saved.get(name, was)} | ({was} if self.intrusion else set[bytes | None]())
            if held not in expected:
                raise Broken(f"{how}, and {name} holds {held and held[:24]!r}")
            self.state[name] = held
        self._catch_up()
        self.wanted = {}
        self.unlike = []
        kept = frozenset((name, new) for name, new in saved.items() if new is not None)
        self.due = dataclasses.replace(self.due, kept=self.due.kept | kept)
        self._allow()
        self.world.recorder.add(Noted(how))

    def _allow(self) -> None:
        """All old or all new; or what an edit has made of that."""
        states = (self.state, {**self.state, **self.wanted})
        allowed = frozenset({*self.completed, *self.unlike, *(tuple(state.items()) for state in states)})
        self.due = dataclasses.replace(self.due, allowed=allowed)

    def _catch_up(self) -> None:
        """What has been due so far is due at each step so far."""
        self.dues += [self.due] * (len(self.world.recorder.steps) - len(self.dues))

    def edit(self, edit: Edit) -> None:
        self._catch_up()
        same_file = edit.how == "in place" and self.state[edit.name] is not None
        # What one outsider wrote over what another wrote is nobody's promise.
        lost = self.due.edited & {(edit.name, self.state[edit.name])}
        self.due = dataclasses.replace(self.due, kept=self.due.kept - lost).after(edit, same_file=same_file)
        self.completed = [state for state in self.due.allowed if dict(state)[edit.name] != edit.content]
        self.unlike = [state for state in self.due.allowed if state not in self.completed]
        self.state[edit.name] = edit.content
        self._allow()


def ask(keeper: Keeper, save: Save, state: Mapping[str, bytes | None], root_of: Callable[[str], Root]) -> None:
    """Save, expecting ``state``. Raises ConfkeepError."""
    changes = [
        Change(root_of(name), name, new, _expected(state[name], blind=save.blind)) for name, new in save.files.items()
    ]
    one = changes[0]
    if len(changes) == 1 and one.data is not None:
        keeper.save(one.root, one.path, Request(one.data, one.expect))
    else:
        keeper.transaction(changes, LIBRARY)


def _expected(seen: bytes | None, *, blind: bool) -> Expect:
    if seen is None:
        return ABSENT
    return ANYTHING if blind else Expect(etags=frozenset({etag_of(seen)}))
