"""What a cost grows with: the size of a file, its history, roots, watched files, containers.

Each curve compares confkeep with itself, at numbers that are far apart, interleaved. Files and histories lie on tmpfs:
a flush costs the same for all of them, and would hide what is looked for. The slope is that of log(cost) over
log(number) by least squares, of all numbers and of the three largest, which is what counts: 0 is constant, 1 linear.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import disk, growing
from bench.budget import Budget
from bench.peers.table import Row, Table
from bench.services.tables import show

if TYPE_CHECKING:
    from bench.curve import Curve
    from bench.peers.table import Cell

_HEAD = ("grows with", "at each number", "slope", "slope at the end", "verdict")


def measure(rounds: int, directory: str | None) -> Table:
    """All curves as a table. ``directory`` is not needed: everything lies in memory."""
    del directory
    return _table(_curves(rounds))


def run(rounds: int, _: str | None) -> list[Budget]:
    """Measure, print, and compare each slope with what is promised."""
    curves = _curves(rounds)
    show(_table(curves))
    return [Budget(f"slope: {curve.what}, by {curve.by}", curve.slope_at_the_end, curve.most) for curve in curves]


def _curves(rounds: int) -> list[Curve]:
    found: list[Curve] = []
    for curves in growing.ALL:
        with disk.in_memory() as place, ExitStack() as stack:
            found += curves(place.directory, rounds, stack)
    return found


def _table(curves: list[Curve]) -> Table:
    rows = tuple(Row(curve.what, _cells(curve)) for curve in curves)
    return Table("growth", "what costs grow with", __doc__ or "", _HEAD, rows)


def _cells(curve: Curve) -> tuple[Cell, ...]:
    points = "; ".join(f"{number:,}: {cost:,.4g}" for number, cost in curve.points.items())
    return curve.by, f"{points} {curve.unit}", curve.slope, curve.slope_at_the_end, curve.verdict
