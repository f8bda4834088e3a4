"""Interleaved rounds, and which of them count."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from statistics import median, quantiles
from typing import TYPE_CHECKING, Final

from bench.services.lanes import FLOOR, TWIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.services.lanes import Lane

_BETWEEN_ROUNDS: Final = 0.1
_STEADY: Final = 0.02
_FAST: Final = 1.5
_FEWEST: Final = 3

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Kept:
    """The rounds that count, and how many there were."""

    rounds: list[Times]
    what: str

    def p50(self, lane: str) -> float:
        """Seconds."""
        return median(self._all(lane))

    def p99(self, lane: str) -> float:
        """Seconds; of few saves the longest."""
        return quantiles(self._all(lane), n=100, method="inclusive")[-1]

    def ratio(self, lane: str) -> float:
        """Pair by pair: each save / the floor's beside it; the median of those."""
        return median(one / of_floor for times in self.rounds for one, of_floor in _pairs(times, lane))

    def twins(self) -> list[float]:
        """What the twin reads in each round: the error bar."""
        return [median(one / of_floor for one, of_floor in _pairs(times, TWIN)) for times in self.rounds]

    def _all(self, lane: str) -> list[float]:
        return [taken for times in self.rounds for taken in times[lane]]


def _pairs(times: Times, lane: str) -> Iterator[tuple[float, float]]:
    return zip(times[lane], times[FLOOR], strict=True)


def measured(lanes: Callable[[], dict[str, Lane]], rounds: int, saves: int) -> Kept:
    """``lanes`` is asked for each round: a connection that was idle for long may be gone. The first round warms up."""
    return _steady([_round(lanes(), saves) for _ in range(rounds + 1)][1:])


def _round(lanes: dict[str, Lane], saves: int) -> Times:
    """In a new order for each save: the disk drifts within a second."""
    time.sleep(_BETWEEN_ROUNDS)
    times: Times = {name: [] for name in lanes}
    order = list(lanes)
    for _ in range(saves):
        random.shuffle(order)
        for name in order:
            times[name].append(lanes[name]())
    return times


def _steady(rounds: list[Times]) -> Kept:
    """Those in which floor and twin read the same, and the disk was not in its slow regime."""
    fastest = min(median(times[FLOOR]) for times in rounds)
    error = [abs(median(times[TWIN]) / median(times[FLOOR]) - 1) for times in rounds]
    kept = [
        times
        for times, off in zip(rounds, error, strict=True)
        if off <= _STEADY and median(times[FLOOR]) <= _FAST * fastest
    ]
    if len(kept) >= _FEWEST:
        return Kept(kept, f"{len(kept)} of {len(rounds)} rounds were steady")
    nearest = sorted(range(len(rounds)), key=error.__getitem__)[:_FEWEST]
    return Kept([rounds[number] for number in nearest], f"NOISY: the {len(nearest)} steadiest of {len(rounds)} rounds")
