"""A folder of 10 and of 1,000 files that takes the place of another: confkeep.folder, atomik, and two floors.

All end in the same state: the new files under the folder's name, the old ones removed. The floor creates the files,
exchanges the folders and flushes the filesystem once, which is the fastest durable way; the other flushes each file.
``atomik`` flushes nothing; ``+ flushes`` is what its caller would have to add for the same durability.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Final

import confkeep
from bench.peers.steady import p99
from bench.peers.table import Cell, Row, Table
from bench.peers.writing import flush_directory, peer
from bench.replacing import Cost
from confkeep.files import syscalls

if TYPE_CHECKING:
    from types import ModuleType

    from bench.disk import Disk

SIZES: Final = (10, 1000)
_CONTENT: Final = b"key: value\n" * 100
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FLOOR: Final = "floor: exchange, one syncfs"
_TWIN: Final = "its twin"
OURS: Final = "confkeep.folder"

#: Puts a folder of so many files at a path where there is one.
Act = Callable[[str, int], None]


def _fill(folder: str, count: int, *, flushed: bool = False) -> None:
    for number in range(count):
        fd = os.open(f"{folder}/{number:04}.yaml", _CREATE, 0o644)
        os.write(fd, _CONTENT)
        if flushed:
            os.fsync(fd)
        os.close(fd)


def _exchange(path: str) -> None:
    directory = os.open(os.path.dirname(path), _DIRECTORY)
    syscalls.rename_exchange(directory, f"{os.path.basename(path)}.new", os.path.basename(path))
    os.close(directory)


def _remove(folder: str) -> None:
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
    os.rmdir(folder)


def _floor(path: str, count: int) -> None:
    os.mkdir(f"{path}.new")
    _fill(f"{path}.new", count)
    _exchange(path)
    directory = os.open(path, _DIRECTORY)
    syscalls.syncfs(directory)
    os.close(directory)
    _remove(f"{path}.new")


def _each(path: str, count: int) -> None:
    os.mkdir(f"{path}.new")
    _fill(f"{path}.new", count, flushed=True)
    flush_directory(f"{path}.new/.")
    _exchange(path)
    flush_directory(path)
    _remove(f"{path}.new")


def _ours(path: str, count: int) -> None:
    with confkeep.folder(path) as new:
        _fill(os.fspath(new), count)


def _atomik(module: ModuleType, *, flushed: bool) -> Act:
    def act(path: str, count: int) -> None:
        with module.folder(path, overwrite=True, tmp_dir=os.path.dirname(path)) as new:
            _fill(f"{new}", count, flushed=flushed)
            if flushed:
                flush_directory(f"{new}/.")
        if flushed:
            flush_directory(path)

    return act


def _lanes() -> tuple[dict[str, Act], dict[str, str]]:
    """Those that are here, and why others are not."""
    lanes: dict[str, Act] = {_FLOOR: _floor, _TWIN: _floor, "floor: fsync each": _each, OURS: _ours}
    try:
        module, _ = peer("atomik")
    except ModuleNotFoundError as error:
        return lanes, {"atomik": f"not installed: {error} (make bench)"}
    more = {"atomik": _atomik(module, flushed=False), "atomik + flushes": _atomik(module, flushed=True)}
    return lanes | more, {}


def measure(place: Disk, rounds: int) -> list[Table]:
    """One table for each number of files."""
    return [_measured(place, rounds, count) for count in SIZES]


def _measured(place: Disk, rounds: int, count: int) -> Table:
    lanes, missing = _lanes()
    paths = [os.fspath(place.directory / f"of-{count}-{number}") for number in range(len(lanes))]
    for path in paths:
        os.mkdir(path)
        _fill(path, count)
    costs: dict[str, list[Cost]] = {name: [] for name in lanes}
    flushed: dict[str, list[int | None]] = {name: [] for name in lanes}
    for number in range(rounds + 1):
        # Each lane in each of the places as often: some parts of a disk are faster.
        turns = [(name, paths[(number + turn) % len(paths)]) for turn, name in enumerate(lanes)]
        for name, path in random.sample(turns, len(turns)):
            before = place.flushes()
            costs[name].append(_cost(lanes[name], path, count))
            after = place.flushes()
            flushed[name].append(None if before is None or after is None else after - before)
    rows = [Row(name, _cells(name, {lane: all_[1:] for lane, all_ in costs.items()}, flushed[name])) for name in lanes]
    rows += [Row(name, (None, None, None, None, None, why)) for name, why in missing.items()]
    head = ("p50, ms", "p99, ms", "/ floor", "CPU, ms", "flush commands", "missing")
    note = f"On {place.what}; {rounds} of each, in turn."
    band = _band([cost.wall for cost in costs[_TWIN][1:]], [cost.wall for cost in costs[_FLOOR][1:]])
    return Table(f"folders-{count}", f"A folder of {count:,} files", note, head, tuple(rows), "/ floor", band)


def _cost(act: Act, path: str, count: int) -> Cost:
    os.sync()
    wall, processor = time.perf_counter(), time.process_time()
    act(path, count)
    cost = Cost(time.perf_counter() - wall, time.process_time() - processor)
    assert len(os.listdir(path)) == count
    return cost


def _cells(name: str, costs: dict[str, list[Cost]], flushed: list[int | None]) -> tuple[Cell, ...]:
    wall = [cost.wall for cost in costs[name]]
    ratio = median(one.wall / other.wall for one, other in zip(costs[name], costs[_FLOOR], strict=True))
    commands = [number for number in flushed if number is not None]
    return (
        median(wall) * 1e3,
        p99(wall) * 1e3,
        ratio,
        median(cost.processor for cost in costs[name]) * 1e3,
        median(commands) if commands else None,
        None,
    )


def _band(twin: list[float], floor: list[float]) -> tuple[float, float]:
    """Halves of the samples, for want of rounds: what two equal things read."""
    ratios = [one / other for one, other in zip(twin, floor, strict=True)]
    halves = (median(ratios[0::2]), median(ratios[1::2] or ratios))
    return min(halves), max(halves)
