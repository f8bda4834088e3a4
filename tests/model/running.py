"""Every scenario and every mutant, on every processor, with figures."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.model.exploring import Explorer, Found, Violation
from tests.model.mutants import MUTANTS
from tests.model.scenarios import SCENARIOS
from tests.model.sqlite import BROKEN
from tests.model.sqlite import NAMES as SQLITE
from tests.model.sqlite import explore as explore_sqlite
from tests.model.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

#: With the real store, after each call of a process: over 5,000 states.
POWER_CUTS = 12

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Figures:
    """What docs/reliability.md prints. ``caught``: how many of ``mutants`` broke a promise that was then seen."""

    seed: int
    found: Found = field(default_factory=Found)
    scenarios: int = 0
    mutants: int = 0
    missed: list[str] = field(default_factory=list[str])
    sqlite: Found = field(default_factory=Found)
    seconds: float = 0

    @property
    def violations(self) -> list[Violation]:
        """Of both."""
        return self.found.violations + self.sqlite.violations

    def __str__(self) -> str:
        found = self.found
        return (
            f"seed {self.seed}: {self.scenarios} scenarios, {found.states} crash states ({found.second} of them after a"
            f" second crash, {found.distinct} different to a process) in {self.seconds:.0f} s;"
            f" {self.sqlite.states} states of real SQLite; {self.mutants - len(self.missed)} of {self.mutants} mutants"
            f" caught; {len(self.violations)} violations"
        )


def run(seed: int, share: float, *, only: str = "", sqlite: int = 0, mutants: bool = False) -> Figures:
    """Explore the scenarios that have ``only`` in their name; and each mutant, if asked for.

    ``sqlite``: how many power cuts are looked at after each call of a process with the real store.
    """
    begun = time.monotonic()
    figures = Figures(seed)
    names = [scenario.name for scenario in SCENARIOS if only in scenario.name]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=context) as pool:
        explored = pool.map(partial(explore, seed, share), _longest_first(names))
        real = pool.map(partial(with_sqlite, seed, sqlite), SQLITE if sqlite else ())
        broken = pool.map(partial(caught, seed), [mutant.name for mutant in MUTANTS] if mutants else ())
        badly = pool.map(partial(caught_with_sqlite, seed, sqlite), BROKEN if sqlite and mutants else ())
        for found in explored:
            figures.found += found
            figures.scenarios += 1
        for found in real:
            figures.sqlite += found
        for name, violation in (*broken, *badly):
            figures.mutants += 1
            _log.info("mutant %s: %s", name, violation or "NOT CAUGHT")
            if violation is None:
                figures.missed.append(name)
    figures.seconds = time.monotonic() - begun
    for violation in figures.violations:
        _log.error("%s\n  again: python -m tests.model --seed %d --only '%s'", violation, seed, violation.scenario)
    _log.info("%s", figures)
    return figures


def _longest_first(names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda name: "pages" not in name and "sectors" not in name)


def explore(seed: int, share: float, name: str) -> Found:
    """One scenario."""
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    with World.made() as world:
        explorer = Explorer(world, scenario, seed, share=share)
        try:
            return explorer.explore()
        except Exception:  # noqa: BLE001 - whatever it is, a user would have no service
            explorer.found.violations.append(Violation(name, "confkeep failed", (traceback.format_exc(),)))
            return explorer.found


def with_sqlite(seed: int, most: int, name: str) -> Found:
    """One scenario with the real store."""
    return explore_sqlite(seed, most, name)


def caught_with_sqlite(seed: int, most: int, words: tuple[str, str]) -> tuple[str, Violation | None]:
    """The first promise that a store with another idea of safety breaks."""
    found = explore_sqlite(seed, most, "in place: there and back", words, enough=1)
    return f"SQLite with {words[1]} for {words[0]}", next(iter(found.violations), None)


def caught(seed: int, name: str) -> tuple[str, Violation | None]:
    """The first promise that a mutant breaks, in the scenarios that it says it breaks."""
    (mutant,) = [mutant for mutant in MUTANTS if mutant.name == name]
    for scenario in SCENARIOS:
        if scenario.name not in mutant.scenarios:
            continue
        with World.made() as world, pytest.MonkeyPatch.context() as patch:
            mutant(patch)
            found = Explorer(world, scenario, seed, enough=1).explore()
        if found.violations:
            return name, found.violations[0]
    return name, None
