"""Which rounds count: those in which floor and twin read the same, and the disk was not in its slow regime."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from bench.peers.writers import FLOOR, TWIN
from bench.replace import Costs, p50

if TYPE_CHECKING:
    from bench.replacing import Cost

_STEADY: Final = 0.02
_FAST: Final = 1.5
_FEWEST: Final = 3


@dataclass(frozen=True)
class Kept:
    """The rounds that count, and how many there were. In each, the n-th saves of all lanes were one after the other."""

    rounds: list[Costs]
    what: str

    def all(self, name: str, field: str) -> list[float]:
        """Each save of one lane."""
        return [float(getattr(cost, field)) for costs in self.rounds for cost in costs[name]]

    def ratio(self, name: str, field: str) -> float:
        """To the floor, pair by pair: the median of them."""
        return median(_pairs([(costs[name], costs[FLOOR]) for costs in self.rounds], field))

    def band(self, name: str, field: str) -> tuple[float, float]:
        """The least and the most that a round read."""
        of_rounds = [median(_pairs([(costs[name], costs[FLOOR])], field)) for costs in self.rounds]
        return min(of_rounds), max(of_rounds)


def _pairs(rounds: list[tuple[list[Cost], list[Cost]]], field: str) -> list[float]:
    saves = [pair for ours, floor in rounds for pair in zip(ours, floor, strict=True)]
    return [getattr(ours, field) / getattr(floor, field) for ours, floor in saves]


def steady(rounds: list[Costs]) -> Kept:
    """The rounds that count; the steadiest three where too few were steady, which is said."""
    fastest = min(p50(costs[FLOOR], "wall") for costs in rounds)
    error = [abs(median(_pairs([(costs[TWIN], costs[FLOOR])], "wall")) - 1) for costs in rounds]
    fast = [p50(costs[FLOOR], "wall") <= _FAST * fastest for costs in rounds]
    kept = [costs for costs, off, quick in zip(rounds, error, fast, strict=True) if quick and off <= _STEADY]
    if len(kept) >= _FEWEST:
        return Kept(kept, f"{len(kept)} of {len(rounds)} rounds were steady")
    nearest = sorted(range(len(rounds)), key=error.__getitem__)[:_FEWEST]
    return Kept([rounds[number] for number in nearest], f"NOISY: the {len(nearest)} steadiest of {len(rounds)} rounds")


def p99(samples: list[float]) -> float:
    """The value that at most one in a hundred is above."""
    return sorted(samples)[math.ceil(0.99 * len(samples)) - 1]
