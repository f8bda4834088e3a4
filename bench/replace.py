"""Durable replaces of 1 to 256 KB that keep the metadata, against the least Python with the same flushes.

The ratios count only from rounds in which floor and twin read the same and the disk was not in its slow regime.
What does not depend on the disk backs them up: the processor time of the thread, and the system calls of a save, each
of which that the floor does without has its reason here.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import calls, disk
from bench.budget import Budget, micro, p95, spread, table
from bench.replacing import FLOOR, LANES, ROUTE, TWIN, WHOLE, Cost, check, prepare

if TYPE_CHECKING:
    from pathlib import Path

_SIZES: Final = (1, 4, 16, 64, 256)  # KB
_A_ROUND: Final = 40
_BETWEEN_ROUNDS: Final = 0.1
_STEADY: Final = 0.02
_FAST: Final = 1.5
_FEWEST: Final = 3
_MOST_WALL: Final = 1.08
_MOST_PROCESSOR: Final = 1.6

#: Why a save calls what the floor does not call, or not as often.
_WHY: Final = {
    "access": "refused before the first byte: may the file be written, and its directory",
    "close": "one for each openat",
    "fchmod": "the old file's mode: until it has it, the new one is closed to others",
    "flistxattr": "which extended attributes the old file has, and the new one already",
    "flock": "tells a sweep that the temporary file is alive; the kernel drops it with us",
    "fstat": "is the root a directory or a single file",
    "fstatfs": "refused before the first byte: is the filesystem read-only",
    "getegid": "as geteuid, for the group",
    "geteuid": "who owns a new file, and whether it can be given to the owner of the old one",
    "getrandom": "a name for the temporary file that nobody else uses",
    "ioctl": "inode flags and project: of the old file, and of the new one, which must have the same",
    "lseek": "the size to read, without asking for times as fstat does: the next flush would be slower",
    "openat": "each directory and the file on the way, no link followed; the old bytes; the displaced ones",
    "pread64": "the old bytes; once more when they are displaced, to compare",
    "pwrite64": "in the place of write: a short write is continued where it ended",
    "readlink": "the path of the root as the kernel knows it: one file has one name in the history",
    "renameat2": "RENAME_EXCHANGE, to compare what was displaced",
    "statx": "what is there and what was displaced are the same file; owner and mode of the new one are right",
    "unlinkat": "what was displaced, once compared",
}

Costs = dict[str, list[Cost]]


@dataclass(frozen=True)
class Kept:
    """The rounds of one size that count, and how many there were."""

    rounds: list[Costs]
    what: str

    def ratios(self, name: str, field: str) -> list[float]:
        """Of each round: the lane's p50 / that of the floor and its twin."""
        return [p50(costs[name], field) / p50(costs[FLOOR] + costs[TWIN], field) for costs in self.rounds]

    def twin(self, field: str) -> float:
        """What the twin of the floor reads: the error bar."""
        return median([p50(costs[TWIN], field) / p50(costs[FLOOR], field) for costs in self.rounds])


def p50(costs: list[Cost], field: str) -> float:
    """Median of one field."""
    return median(_of(field, costs))


def _of(field: str, costs: list[Cost]) -> list[float]:
    return [float(getattr(cost, field)) for cost in costs]


def run(rounds: int, directory: str | None) -> list[Budget]:
    """All lanes at all sizes, interleaved on a disk; then their system calls."""
    with disk.journaled(directory) as place:
        folders = [place.directory / str(number) for number in range(len(LANES))]
        for folder in folders:
            folder.mkdir()
            prepare(folder)
        measured: dict[int, list[Costs]] = {size: [] for size in _SIZES}
        for _ in range(rounds + 1):
            for size in random.sample(_SIZES, len(_SIZES)):
                measured[size].append(_round(folders, size << 10))
        kept = {size: _steady(of_size[1:]) for size, of_size in measured.items()}
        for size, of_size in kept.items():
            _print(f"a durable replace of {size} KB, us, on {place.what}; {of_size.what}", of_size)
        counted = {name: calls.counted(name, folders[0]) for name in (FLOOR, ROUTE, WHOLE)}
    return [*_budgets(kept), *_explained({name: found for name, found in counted.items() if found is not None})]


def _round(folders: list[Path], size: int) -> Costs:
    """Interleaved in a new order each time: the disk drifts within a second.

    A lane saves in each folder as often: they lie in different places of the disk, and one is some per cent faster.
    """
    time.sleep(_BETWEEN_ROUNDS)
    costs: Costs = {name: [] for name in LANES}
    data = b""
    for number in range(_A_ROUND):
        data = random.randbytes(size)
        turns = [(name, folders[(number + at) % len(folders)]) for at, name in enumerate(LANES)]
        for name, folder in random.sample(turns, len(turns)):
            costs[name].append(LANES[name](folder, data))
    for folder in folders:
        check(folder, data)
    return costs


def _steady(rounds: list[Costs]) -> Kept:
    fastest = min(p50(costs[FLOOR], "wall") for costs in rounds)
    error = [abs(p50(costs[TWIN], "wall") / p50(costs[FLOOR], "wall") - 1) for costs in rounds]
    kept = [
        costs
        for costs, off in zip(rounds, error, strict=True)
        if off <= _STEADY and p50(costs[FLOOR], "wall") <= _FAST * fastest
    ]
    if len(kept) >= _FEWEST:
        return Kept(kept, f"{len(kept)} of {len(rounds)} rounds were steady")
    nearest = sorted(range(len(rounds)), key=error.__getitem__)[:_FEWEST]
    return Kept([rounds[number] for number in nearest], f"NOISY: the {len(nearest)} steadiest of {len(rounds)} rounds")


def _print(title: str, kept: Kept) -> None:
    rows: list[list[str]] = []
    for name in LANES:
        row = [name]
        for field in Cost._fields:
            samples = [sample for costs in kept.rounds for sample in _of(field, costs[name])]
            ratios = kept.ratios(name, field)
            row += [micro(median(samples)), micro(p95(samples)), f"{median(ratios):.2f}", spread(ratios)]
        rows.append(row)
    table(title, ["", "p50", "p95", "/ floor", "range", "processor p50", "p95", "/ floor", "range"], rows)


def _explained(counted: dict[str, dict[str, float]]) -> list[Budget]:
    """The table of system calls. One that the floor does without, and nobody gave a reason for, is too many."""
    if len(counted) != 3:
        return []
    floor, ours = counted[FLOOR], [counted[ROUTE], counted[WHOLE]]
    more = {name for of_lane in ours for name, count in of_lane.items() if count > floor.get(name, 0)}
    names = sorted({name for of_lane in counted.values() for name in of_lane}, key=lambda name: (name in more, name))
    rows = [
        [
            name,
            *(f"{of_lane.get(name, 0):.2f}" for of_lane in counted.values()),
            (_WHY.get(name, "?") if name in more else "").ljust(max(map(len, _WHY.values()))),
        ]
        for name in names
    ]
    rows.append(["all", *(f"{sum(of_lane.values()):.2f}" for of_lane in counted.values()), ""])
    table("system calls a save of 16 KB", ["", *counted, "why more than the floor"], rows)
    return [Budget("system calls without a reason", len(more - _WHY.keys()), 0)]


def _budgets(kept: dict[int, Kept]) -> list[Budget]:
    return [
        Budget(f"replace / floor, {field}: {size} KB", median(of_size.ratios(ROUTE, field)), most, of_size.twin(field))
        for field, most in (("wall", _MOST_WALL), ("processor", _MOST_PROCESSOR))
        for size, of_size in kept.items()
    ]
