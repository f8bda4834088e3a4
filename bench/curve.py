"""How a cost grows: the exponent of the power law that fits it best."""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import log
from statistics import linear_regression, median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Up to this slope a cost is constant: what has ten times as much of it costs less than 1.5 times as much.
CONSTANT: Final = 0.15
#: Up to this slope it is linear: what has ten times as much of it costs less than 15 times as much.
LINEAR: Final = 1.15
_LARGE: Final = 3


@dataclass(frozen=True)
class Curve:
    """A cost by a number, in the unit said; ``most``: the slope at the end that is promised."""

    what: str
    by: str
    unit: str
    most: float
    points: Mapping[int, float]

    @property
    def slope(self) -> float:
        """Least squares of log(cost) over log(number): 0 is constant, 1 linear, 2 quadratic."""
        return _fitted(self.points)

    @property
    def slope_at_the_end(self) -> float:
        """That of the three largest numbers. A cost that everything has hides growth among the small ones."""
        return _fitted(dict(sorted(self.points.items())[-_LARGE:]))

    @property
    def verdict(self) -> str:
        """By the slope at the end."""
        if self.slope_at_the_end <= CONSTANT:
            return "constant"
        return "linear or less" if self.slope_at_the_end <= LINEAR else "worse than linear"


def timed(lanes: Mapping[int, Callable[[], float]], rounds: int, each: int) -> dict[int, float]:
    """The p50 of what each lane tells, interleaved in a new order each time; the first round does not count."""
    told: dict[int, list[float]] = {number: [] for number in lanes}
    for turn in range((rounds + 1) * each):
        for number in random.sample(list(lanes), len(lanes)):
            cost = lanes[number]()
            if turn >= each:
                told[number].append(cost)
    return {number: median(costs) for number, costs in told.items()}


def _fitted(points: Mapping[int, float]) -> float:
    return linear_regression([log(number) for number in points], [log(cost) for cost in points.values()]).slope
