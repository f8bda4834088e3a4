"""A durable save of 16 KB through the socket, with history, journal and ETag, against the floor.

The ratio counts only from rounds in which the disk was steady and the processor free. What does not depend on the disk
backs it up: processor time on tmpfs, flushes asked for and flushes done.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench import disk, flushes
from bench.budget import Budget, micro, p95, spread, table
from bench.lanes import ANSWER, FLOOR, SAVES, TWIN, Lane, lanes

_A_ROUND = 40
_COUNTED = 200
_BETWEEN_ROUNDS = 0.1
_STEADY = 0.02
_FAST = 1.5
_FREE = 1.25
_FEWEST = 3

Times = dict[str, list[float]]


@dataclass(frozen=True)
class Kept:
    """The rounds that count, and why."""

    rounds: list[Times]
    what: str

    def ratios(self, lane: str) -> list[float]:
        """Of each round: the lane's p50 / that of the floor and its twin."""
        return [median(times[lane]) / median(times[FLOOR] + times[TWIN]) for times in self.rounds]


def run(rounds: int, directory: str | None) -> list[Budget]:
    """All lanes, interleaved on a disk; then on tmpfs; then counted."""
    with disk.journaled(directory) as place, ExitStack() as stack:
        server, all_lanes = lanes(place.directory, stack)
        kept = _steady([_round(all_lanes, _A_ROUND) for _ in range(rounds + 1)][1:])
        _print_ratios(place.what, kept)
        done = {name: _flushes_done(place, lane) for name, lane in all_lanes.items()}
        asked = flushes.asked(server.process.pid, {name: all_lanes[name] for name in SAVES}, _COUNTED)
        _print_flushes(done, asked)
    with disk.in_memory() as place, ExitStack() as stack:
        server, all_lanes = lanes(place.directory, stack, journal="best-effort")
        _round(all_lanes, _A_ROUND)
        rows: list[list[str]] = []
        for name, lane in all_lanes.items():
            before = server.processor_seconds()
            times = [lane() for _ in range(5 * _A_ROUND)]
            spent = server.processor_seconds() - before
            rows.append([name, micro(median(times)), micro(p95(times)), micro(spent / len(times))])
        table("on tmpfs, us a save", ["", "p50", "p95", "processor time of the daemon"], rows)
    return _budgets(kept)


def _round(all_lanes: dict[str, Lane], count: int) -> Times:
    """Interleaved in a new order each time: the disk drifts within a second."""
    time.sleep(_BETWEEN_ROUNDS)
    times: Times = {name: [] for name in all_lanes}
    order = list(all_lanes)
    for _ in range(count):
        random.shuffle(order)
        for name in order:
            times[name].append(all_lanes[name]())
    return times


def _steady(rounds: list[Times]) -> Kept:
    """Rounds in which floor and twin read the same, the disk was not in its slow regime, and nobody took the processor.

    The last is told by answers without a save: they know no disk.
    """
    fastest = min(median(times[FLOOR]) for times in rounds)
    error = [abs(median(times[TWIN]) / median(times[FLOOR]) - 1) for times in rounds]
    answered = min(median(times[ANSWER]) for times in rounds)
    fast = [median(times[FLOOR]) <= _FAST * fastest and median(times[ANSWER]) <= _FREE * answered for times in rounds]
    kept = [times for times, off, quick in zip(rounds, error, fast, strict=True) if quick and off <= _STEADY]
    if len(kept) >= _FEWEST:
        return Kept(kept, f"{len(kept)} of {len(rounds)} rounds were steady")
    nearest = sorted(range(len(rounds)), key=error.__getitem__)[:_FEWEST]
    return Kept([rounds[number] for number in nearest], f"NOISY: the {len(nearest)} steadiest of {len(rounds)} rounds")


def _print_ratios(what: str, kept: Kept) -> None:
    rows: list[list[str]] = []
    for name in kept.rounds[0]:
        samples = [sample for times in kept.rounds for sample in times[name]]
        ratios = kept.ratios(name)
        rows.append([name, micro(median(samples)), micro(p95(samples)), f"{median(ratios):.2f}", spread(ratios)])
    table(f"a 16 KB save, us, on {what}; {kept.what}", ["", "p50", "p95", "p50 / floor", "range"], rows)


def _flushes_done(place: disk.Disk, lane: Lane) -> float | None:
    before = place.flushes()
    for _ in range(_COUNTED):
        lane()
    after = place.flushes()
    return None if before is None or after is None else (after - before) / _COUNTED


def _print_flushes(done: dict[str, float | None], asked: dict[str, dict[str, float]] | None) -> None:
    rows = [[name, "-" if count is None else f"{count:.2f}", _calls(name, asked)] for name, count in done.items()]
    table(f"flushes a save, counted over {_COUNTED} saves", ["", "done by the disk", "asked for"], rows)


def _calls(name: str, asked: dict[str, dict[str, float]] | None) -> str:
    if asked is None:
        return "no strace"
    return ", ".join(f"{call} {count:.2f}" for call, count in asked.get(name, {}).items()) or "-"


def _budgets(kept: Kept) -> list[Budget]:
    twin = median([median(times[TWIN]) / median(times[FLOOR]) for times in kept.rounds])
    return [
        Budget(f"save / floor, p50: {name}", median(kept.ratios(name)), 4.0 if validate == "syntax" else 2.5, twin)
        for name, (_, validate) in SAVES.items()
    ]
