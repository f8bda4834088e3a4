"""The same with the real store: its log and its database are files like others, and can be torn like others."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.model.cuts import Cuts
from tests.model.due import Due
from tests.model.exploring import Found, Violation, line
from tests.model.machine import File, Machine, Noted, Step
from tests.model.scenarios import SCENARIOS, Save, Scenario
from tests.model.tracing import OPTIONS, steps
from tests.model.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parents[2]
#: Two that lose what was answered (docs/architecture.md): no log, and a log that is flushed now and then.
BROKEN = (("WAL", "DELETE"), ("FULL", "NORMAL"))
#: Both routes, several files, files that come and go; each ends with the store's checkpoint.
NAMES = (
    "in place: grow",
    "replace: grow",
    "in place: there and back",
    "replace: there and back",
    "replace: create, then save",
    "remove, then create",
    "both routes, together: two, and one of them again",
    "both routes, together: one of four the same, one new, one gone",
)


def explore(seed: int, most: int, name: str, words: tuple[str, ...] = (), *, enough: int = 5) -> Found:
    """Power cuts, ``most`` after each call of a real process; ``words`` break its store (traced.py)."""
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    found, cuts, names = Found(), Cuts(f"{seed} {name}"), tuple(scenario.before)
    with World.made() as world:
        for number, (step, machine, due) in enumerate(_traced(world, scenario, words)):
            for choice, left in cuts.of(machine, most):
                found.states += 1
                _, outcome = world.recovered(left, names)
                unmet = due.unmet(outcome)
                if unmet:
                    how = line(("real SQLite", *words, f"step {number}", step, "power cut", choice))
                    found.violations.append(Violation(name, how, tuple(unmet)))
                if len(found.violations) >= enough:
                    return found
        found.distinct = len(world.recoveries)
    return found


def _traced(world: World, scenario: Scenario, words: tuple[str, ...]) -> Iterator[tuple[Step, Machine, Due]]:
    machine = _laid_out(world, scenario)
    log = world.base / "strace"
    command = ["strace", *OPTIONS, "-o", os.fspath(log), sys.executable, "-m", "tests.model.traced"]
    command += [os.fspath(world.base), scenario.name, *words]
    done = subprocess.run(command, cwd=_HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    state = dict(scenario.before)
    due = Due(frozenset({tuple(state.items())}), frozenset(), (), scenario.torn())
    for step, after in steps(log.read_text(), os.fspath(world.base), machine):
        if isinstance(step, Noted):
            what, number = step.what.split()
            save = scenario.steps[int(number)]
            files = save.files if isinstance(save, Save) else {}
            if what == "begins":
                states = frozenset({tuple(state.items()), tuple({**state, **files}.items())})
                changed = ((name, state[name], new) for name, new in files.items() if new != state[name])
                due = dataclasses.replace(due, allowed=states, saves=(*due.saves, *changed))
            else:
                state |= files
                kept = due.kept | {(name, new) for name, new in files.items() if new is not None}
                due = dataclasses.replace(due, allowed=frozenset({tuple(state.items())}), kept=kept)
        yield step, after, due


def _laid_out(world: World, scenario: Scenario) -> Machine:
    """The files of a scenario and an empty store, all on the disk, with the numbers that they really have."""
    view = world.fresh(scenario.before).view()
    world.lay(view)
    files = dict[int, File]()
    names = dict[str, int]()
    for path in (*world.disk.iterdir(), *world.state.iterdir()):
        found = path.stat()
        names[os.fspath(path.relative_to(world.base))] = found.st_ino
        files[found.st_ino] = File((path.read_bytes(),), (found.st_mode & 0o7777,))
    return Machine(files, names, born=max(files, default=0) + 1)
