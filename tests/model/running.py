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
from tests.model.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Figures:
    """What docs/reliability.md prints. ``caught``: how many of ``mutants`` broke a promise that was then seen."""

    seed: int
    found: Found = field(default_factory=Found)
    scenarios: int = 0
    mutants: int = 0
    missed: list[str] = field(default_factory=list[str])
    seconds: float = 0

    def __str__(self) -> str:
        found = self.found
        return (
            f"seed {self.seed}: {self.scenarios} scenarios, {found.states} crash states ({found.second} of them after a"
            f" second crash, {found.distinct} different to a process) in {self.seconds:.0f} s;"
            f" {self.mutants - len(self.missed)} of {self.mutants} mutants caught; {len(found.violations)} violations"
        )


def run(seed: int, share: float, *, only: str = "", mutants: bool = False) -> Figures:
    """Explore the scenarios that have ``only`` in their name; and each mutant, if asked for."""
    begun = time.monotonic()
    figures = Figures(seed)
    names = [scenario.name for scenario in SCENARIOS if only in scenario.name]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=context) as pool:
        broken = pool.map(partial(caught, seed), [mutant.name for mutant in MUTANTS] if mutants else [])
        for found in pool.map(partial(explore, seed, share), _longest_first(names)):
            figures.found += found
            figures.scenarios += 1
        for name, violation in broken:
            figures.mutants += 1
            _log.info("mutant %s: %s", name, violation or "NOT CAUGHT")
            if violation is None:
                figures.missed.append(name)
    figures.seconds = time.monotonic() - begun
    for violation in figures.found.violations:
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
