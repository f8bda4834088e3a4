"""Crashes a scenario at every step, in every way, and the recovery as well; sees whether what was promised is there."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from tests.model.cuts import Cuts
from tests.model.intruding import Intrusion, edited
from tests.model.machine import Noted, Together
from tests.model.playing import Broken, play, play_again
from tests.model.recorder import DISK
from tests.model.world import after_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.model.due import Due
    from tests.model.machine import Machine, Step, View
    from tests.model.outcome import Outcome
    from tests.model.playing import Moment
    from tests.model.scenarios import Edit, Scenario
from tests.model.world import World

_ENOUGH: Final = 5
#: After so many states only one recovery in 20 is crashed again, as the seed wants it: some scenarios would never end.
_PLENTY: Final = 2_500
_RARELY: Final = 0.05
_LINE: Final = 90
#: No save and no recovery gives others more opportunities than that.
_MOST: Final = 200

#: What was done, in order: shown only when something is wrong.
How = tuple[object, ...]


class Violation(NamedTuple):
    """A promise that was not kept; ``how`` says which crash shows it again, with the same seed."""

    scenario: str
    how: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.scenario}\n  " + "\n  ".join([self.how, *self.wrong])


@dataclass(slots=True)
class Found:
    """``states``: crash states (step, choice of what was on the disk, commits) that were started again and checked.

    ``distinct``: those among them that differ in what a process sees.
    """

    states: int = 0
    second: int = 0
    distinct: int = 0
    violations: list[Violation] = field(default_factory=list[Violation])

    def __iadd__(self, other: Found) -> Self:
        """Both."""
        self.states += other.states
        self.second += other.second
        self.distinct += other.distinct
        self.violations += other.violations
        return self


class _Enough(Exception):
    """More violations would not say more."""


class Explorer:
    """One scenario in one world. Stops at ``enough`` violations."""

    def __init__(self, world: World, scenario: Scenario, seed: int, *, share: float = 1, enough: int = _ENOUGH) -> None:
        self.world, self.scenario, self.enough = world, scenario, enough
        self.first = max(2, round(scenario.first * share))
        self.second = max(2, round(scenario.second * share))
        self.found = Found()
        self._names = tuple(scenario.before)
        self._cuts = Cuts(f"{seed} {scenario.name}")
        self._crashed: set[tuple[object, Due]] = set()
        self._gone_on: set[object] = set()
        self._edited: set[View] = set()
        self._random = random.Random(f"{seed} {scenario.name}")
        self._budget = round(_PLENTY * share)

    def explore(self) -> Found:
        """What was found."""
        self.world.recoveries.clear()
        try:
            for how, moments in self._plays():
                before: Moment | None = None
                for number, moment in enumerate(moments):
                    if not isinstance(moment.step, Noted) or before is None or moment.due != before.due:
                        self._crash(moment.machine, moment.due, (*how, f"step {number}", moment.step))
                    before = moment
        except _Enough:
            pass
        except Broken as broken:
            self.found.violations.append(Violation(self.scenario.name, "no crash", (str(broken),)))
        self.found.distinct = len(self.world.recoveries)
        return self.found

    def _plays(self) -> Iterator[tuple[How, list[Moment]]]:
        for intruder in self.scenario.meanwhile or (None,):
            for at in range(_MOST):
                moments = play(self.world, self.scenario, intruder, at)
                if moments is not None:
                    yield ((intruder, f"at opportunity {at}") if intruder else ()), moments
                if moments is None or intruder is None:
                    break

    def _crash(self, machine: Machine, due: Due, how: How) -> None:
        """Killed, or the power cut off; then perhaps edited; then started, and crashed while recovering."""
        self._start(machine, due, (*how, "killed"))
        for choice, left in self._cuts.of(machine, self.first):
            self._start(left, due, (*how, "power cut", choice))

    def _start(self, machine: Machine, due: Due, how: How) -> None:
        for edit in self.scenario.afterwards:
            if edit is None:
                self._recover(machine, due, how, again=True)
            else:
                self._recover(edited(machine, edit).on(machine), _after(edit, machine, due), (*how, edit), again=True)

    def _recover(self, machine: Machine, due: Due, how: How, *, again: bool) -> None:
        self.found.states += 1
        self.found.second += not again
        try:
            steps, outcome = self.world.recovered(machine, self._names)
        except Exception as error:
            error.add_note(f"{self.scenario.name}: {line(how)}")
            raise
        unmet = due.unmet(outcome)
        if unmet:
            self._wrong(how, tuple(unmet))
        if again and self._is_new(machine, due):
            self._crash_again(machine, due, how)
            if self.scenario.again:
                self._go_on(machine, due, how, steps, outcome)
            self._edit_at_each_opportunity(machine, due, how)

    def _is_new(self, machine: Machine, due: Due) -> bool:
        """Whether this very machine has not been crashed again before."""
        files = tuple((ino, file) for ino, file in machine.files.items() if len(file.images) + len(file.modes) > 2)
        key = ((machine.view(), files, machine.pending, machine.store), due)
        if key in self._crashed or (self.found.states > self._budget and self._random.random() > _RARELY):
            return False
        self._crashed.add(key)
        return True

    def _crash_again(self, machine: Machine, due: Due, how: How) -> None:
        steps, _ = self.world.recovered(machine, self._names)
        at_first = {name: machine.holds(f"{DISK}/{name}") for name in self._names}
        for number, (step, later) in enumerate(after_each(machine, steps)):
            for name, content in at_first.items():
                if content is not None and later.holds(f"{DISK}/{name}") != content:
                    due = due.repaired(name, content)
            self._crash_once_more(later, due, (*how, f"recovery's step {number}", step))

    def _crash_once_more(self, machine: Machine, due: Due, how: How) -> None:
        self._recover(machine, due, (*how, "killed"), again=False)
        for choice, left in self._cuts.of(machine, self.second):
            self._recover(left, due, (*how, "power cut", choice), again=False)

    def _edit_at_each_opportunity(self, machine: Machine, due: Due, how: How) -> None:
        view = machine.view()
        if view in self._edited:
            return
        self._edited.add(view)
        for edit in self.scenario.during:
            for at in range(_MOST):
                if not self._edit_during(machine, due, how, edit, at):
                    break

    def _edit_during(self, machine: Machine, due: Due, how: How, edit: Edit, at: int) -> bool:
        """Somebody edits a file while it is repaired; then another crash. False: it was repaired before that."""
        intrusion = Intrusion(self.world, edit, at)
        steps, outcome = self.world.recovered_beside(machine, self._names, intrusion)
        if not intrusion.has_come:
            return False
        how = (*how, edit, f"at opportunity {at} of the recovery")
        later = _after(edit, machine, due)
        self.found.states += 1
        unmet = later.unmet(outcome)
        if unmet:
            self._wrong(how, tuple(unmet))
        has_come = False
        for number, (step, after) in enumerate(after_each(machine, steps)):
            has_come = has_come or isinstance(step, Together)
            if has_come:
                self._crash_once_more(after, later, (*how, f"recovery's step {number}", step))
        return True

    def _go_on(self, machine: Machine, due: Due, how: How, steps: tuple[Step, ...], outcome: Outcome) -> None:
        """Life goes on after the recovery, until the next crash."""
        for _, later in after_each(machine, steps):
            machine = later
        key = (machine.view(), outcome.state)
        if key in self._gone_on:
            return
        self._gone_on.add(key)
        for number, moment in enumerate(play_again(self.world, self.scenario, machine, due, outcome.state)):
            where = (*how, f"recovered and saved again, step {number}", moment.step)
            self._crash_once_more(moment.machine, moment.due, where)
            for edit in filter(None, self.scenario.afterwards):
                there = edited(moment.machine, edit).on(moment.machine)
                self._crash_again(there, _after(edit, moment.machine, moment.due), (*where, "killed", edit))

    def _wrong(self, how: How, what: tuple[str, ...]) -> None:
        self.found.violations.append(Violation(self.scenario.name, line(how), what))
        if len(self.found.violations) >= self.enough:
            raise _Enough


def _after(edit: Edit, machine: Machine, due: Due) -> Due:
    return due.after(edit, same_file=edit.how == "in place" and machine.holds(f"{DISK}/{edit.name}") is not None)


def line(how: How) -> str:
    """``how``, for people."""
    return ", ".join(map(_shown, how))


def _shown(part: object) -> str:
    """Contents are long; their beginning says which they are."""
    words = part if isinstance(part, str) else repr(part)
    return words if len(words) < _LINE else words[: _LINE // 2] + "…" + words[-_LINE // 4 :]
