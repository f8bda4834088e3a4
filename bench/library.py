"""``confkeep.save`` and the drop-in against atomicwrites 1.4.1 at equal durability.

All of them write a temporary file beside the target, flush it, rename it, and flush the directory. Ours also look where
the path leads and keep owner, mode and attributes; ``confkeep.save`` compares what is there before it writes.
``python -m bench.library LANE DIRECTORY`` repeats one of them for strace (calls.py).
"""

from __future__ import annotations

import importlib.util
import os
import random
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import atomicwrites
import confkeep
from bench import calls, disk, floor
from bench.budget import Budget, micro, spread, table
from bench.replace import Costs, Kept
from bench.replace import p50 as middle
from bench.replacing import FLOOR, NAME, TWIN, Cost, Lane, prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_SAVE: Final = "confkeep.save"
_DROP_IN: Final = "drop-in"
_ORIGINAL: Final = "atomicwrites 1.4.1"
_SIZES: Final = (1, 16, 256)  # KB
_A_ROUND: Final = 40
_BETWEEN_ROUNDS: Final = 0.1
_STEADY: Final = 0.02
_FAST: Final = 1.5
_FEWEST: Final = 3


def original() -> ModuleType:
    """From where `make bench` puts it: by its name ours would be found."""
    file = Path(sys.prefix, "peers", "atomicwrites", "__init__.py")
    spec = importlib.util.spec_from_file_location("the_original", file)
    if spec is None or spec.loader is None or not file.exists():
        raise SystemExit(f"no {file}: make {sys.prefix}/peers.stamp")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def writing_with(module: ModuleType) -> Callable[[str, bytes], Any]:
    """A write as programs do it with this module."""

    def write(path: str, data: bytes) -> None:
        with module.atomic_write(path, mode="wb", overwrite=True) as file:
            file.write(data)

    return write


def _lane(act: Callable[[str, bytes], Any]) -> Lane:
    def lane(directory: Path, data: bytes) -> Cost:
        path = os.fspath(directory / NAME)
        # time.thread_time is the system call that marks the measured part in a trace (calls.py)
        before = Cost(time.perf_counter(), time.thread_time())
        act(path, data)
        processor = time.thread_time()
        return Cost(time.perf_counter() - before.wall, processor - before.processor)

    return lane


def _lanes() -> dict[str, Lane]:
    return {
        FLOOR: _lane(floor.replace_at),
        TWIN: _lane(floor.replace_at),
        _ORIGINAL: _lane(writing_with(original())),
        _SAVE: _lane(confkeep.save),
        _DROP_IN: _lane(writing_with(atomicwrites)),
    }


def run(rounds: int, directory: str | None) -> list[Budget]:
    """All lanes at all sizes, interleaved on a disk; then their system calls."""
    lanes = _lanes()
    with disk.journaled(directory) as place:
        # A lane writes in each folder as often: they lie in different places of the disk.
        folders = [place.directory / str(number) for number in range(len(lanes))]
        for folder in folders:
            folder.mkdir()
            prepare(folder)
        measured: dict[int, list[Costs]] = {size: [] for size in _SIZES}
        for _ in range(rounds + 1):
            for size in random.sample(_SIZES, len(_SIZES)):
                measured[size].append(_round(lanes, folders, size << 10))
        kept = {size: _steady(of_size[1:]) for size, of_size in measured.items()}
        for size, of_size in kept.items():
            _print(f"a durable write of {size} KB over a file, us, on {place.what}; {of_size.what}", of_size)
        _print_calls(folders[0])
    return [
        Budget(f"{_SAVE} / {_ORIGINAL}, wall: {size} KB", median(_to_original(of_size)), 1.0, of_size.twin("wall"))
        for size, of_size in kept.items()
    ]


def _round(lanes: dict[str, Lane], folders: list[Path], size: int) -> Costs:
    """Interleaved in a new order each time: the disk drifts within a second."""
    time.sleep(_BETWEEN_ROUNDS)
    costs: Costs = {name: [] for name in lanes}
    for number in range(_A_ROUND):
        turns = [(name, folders[(number + at) % len(folders)]) for at, name in enumerate(lanes)]
        for name, folder in random.sample(turns, len(turns)):
            data = random.randbytes(size)
            costs[name].append(lanes[name](folder, data))
            assert (folder / NAME).read_bytes() == data
            assert os.listdir(folder) == [NAME]
    return costs


def _steady(rounds: list[Costs]) -> Kept:
    """Rounds in which floor and twin read the same, and the disk was not in its slow regime."""
    fastest = min(middle(costs[FLOOR], "wall") for costs in rounds)
    error = [abs(middle(costs[TWIN], "wall") / middle(costs[FLOOR], "wall") - 1) for costs in rounds]
    fast = [middle(costs[FLOOR], "wall") <= _FAST * fastest for costs in rounds]
    kept = [costs for costs, off, quick in zip(rounds, error, fast, strict=True) if quick and off <= _STEADY]
    if len(kept) >= _FEWEST:
        return Kept(kept, f"{len(kept)} of {len(rounds)} rounds were steady")
    nearest = sorted(range(len(rounds)), key=error.__getitem__)[:_FEWEST]
    return Kept([rounds[number] for number in nearest], f"NOISY: the {len(nearest)} steadiest of {len(rounds)} rounds")


def _to_original(kept: Kept) -> list[float]:
    return [middle(costs[_SAVE], "wall") / middle(costs[_ORIGINAL], "wall") for costs in kept.rounds]


def _print(title: str, kept: Kept) -> None:
    rows: list[list[str]] = []
    for name in kept.rounds[0]:
        row = [name]
        for field in Cost._fields:
            ratios = kept.ratios(name, field)
            whole = [middle(costs[name], field) for costs in kept.rounds]
            row += [micro(median(whole)), f"{median(ratios):.2f}", spread(ratios)]
        rows.append(row)
    table(title, ["", "p50", "/ floor", "range", "processor p50", "/ floor", "range"], rows)


def _print_calls(folder: Path) -> None:
    counted = {name: calls.counted(name, folder, "bench.library") for name in (FLOOR, _ORIGINAL, _SAVE, _DROP_IN)}
    found = {name: of_lane for name, of_lane in counted.items() if of_lane is not None}
    names = sorted({name for of_lane in found.values() for name in of_lane})
    rows = [[name, *(f"{of_lane.get(name, 0):.2f}" for of_lane in found.values())] for name in names]
    rows.append(["all", *(f"{sum(of_lane.values()):.2f}" for of_lane in found.values())])
    table("system calls a write of 16 KB over a file", ["", *found], rows)


if __name__ == "__main__":
    calls.repeat(_lanes()[sys.argv[1]], sys.argv[2])
