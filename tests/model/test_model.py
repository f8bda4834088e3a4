"""Tier 0 of the proof of recovery (docs/reliability.md): the model of power cuts keeps every promise, and can fail."""

from __future__ import annotations

import logging
import shutil

import pytest

from tests.model import sqlite
from tests.model.cuts import Cuts
from tests.model.exploring import Explorer
from tests.model.machine import Born, File, Flush, FlushNames, Machine, Named, Size, Write
from tests.model.mutants import MUTANTS
from tests.model.running import POWER_CUTS, caught, run
from tests.model.scenarios import SCENARIOS
from tests.model.world import World
from tests.support.needs import need

#: For `make check`: over 10,000 crash states in a few seconds.
QUICK = (
    "in place: grow",
    "in place: shrink",
    "in place: edited after the crash",
    "replace: grow",
    "replace: grow late",
    "replace: edited meanwhile, rename",
    "create late",
    "remove",
    "both routes, together: two",
)


def test_quickly() -> None:
    """A few scenarios of each kind: no promise is broken."""
    states = 0
    for scenario in SCENARIOS:
        if scenario.name in QUICK:
            with World.made() as world:
                found = Explorer(world, scenario, 1).explore()
            assert [str(violation) for violation in found.violations] == []
            states += found.states
    logging.getLogger(__name__).info("%d crash states", states)
    assert states >= 10_000


def test_a_mutant_is_noticed_quickly() -> None:
    """A broken protocol breaks a promise, and the unbroken one at the same place does not."""
    name, violation = caught(1, "settled_without_a_flush")
    assert violation is not None, name


@pytest.mark.slow
@pytest.mark.crash
def test_everything() -> None:
    """Over 200,000 crash states, and over 5,000 of real SQLite: none is wrong; every mutant is caught."""
    need(shutil.which("strace"), "no strace")
    figures = run(1, 1, sqlite=POWER_CUTS, mutants=True)
    assert [str(violation) for violation in figures.violations] == []
    assert figures.missed == []
    assert figures.mutants == len(MUTANTS) + len(sqlite.BROKEN) >= 18
    assert figures.found.states >= 200_000
    assert figures.sqlite.states >= 5_000


@pytest.mark.parametrize(
    ("steps", "possible"),
    [
        ((Write(1, 0, b"XY"),), {b"abcd", b"XYcd"}),
        ((Write(1, 4, b"ef"),), {b"abcd", b"abcd\0\0", b"abcdef"}),
        ((Size(1, 2),), {b"abcd", b"ab", b"ab\0\0"}),
        ((Write(1, 0, b"XY"), Flush(1)), {b"XYcd"}),
        ((Write(1, 0, b"1"), Write(1, 0, b"2")), {b"abcd", b"1bcd", b"2bcd"}),
    ],
    ids=["overwritten", "appended", "cut", "flushed", "twice"],
)
def test_what_a_power_cut_leaves_of_a_file(steps: tuple[Write | Size | Flush, ...], possible: set[bytes]) -> None:
    """Un-flushed bytes and sizes may be lost, each by itself; what was never written is zero."""
    machine = Machine({1: File((b"abcd",))}, {"disk/a": 1})
    for step in steps:
        machine = step.on(machine)
    assert {left.holds("disk/a") for _, left in Cuts("").of(machine, 1000)} == possible


def test_what_a_power_cut_leaves_of_sectors() -> None:
    """Of two sectors that were written either may be there."""
    machine = Write(1, 0, b"n" * 1024).on(Machine({1: File((b"o" * 1024,))}, {"disk/a": 1}))
    found = {left.holds("disk/a") for _, left in Cuts("").of(machine, 1000)}
    assert found == {first * 512 + second * 512 for first in (b"o", b"n") for second in (b"o", b"n")}


def test_what_a_power_cut_leaves_of_names() -> None:
    """An exchange is whole or lost, and with it what built on it; flushing a file says nothing of its name."""
    machine = Machine({1: File((b"old",))}, {"disk/a": 1}, born=2)
    for step in (
        Born("disk/t", 2, 0o600),
        Flush(2),
        Named((("disk/t", 1), ("disk/a", 2))),
        Named((("disk/t", None),)),
    ):
        machine = step.on(machine)
    names = [left.seen() for _, left in Cuts("").of(machine, 1000)]
    assert names == [{"disk/a": 1}, {"disk/a": 1, "disk/t": 2}, {"disk/a": 2, "disk/t": 1}, {"disk/a": 2}]
    flushed = FlushNames("disk").on(machine)
    assert [left.seen() for _, left in Cuts("").of(flushed, 1000)] == [{"disk/a": 2}]
