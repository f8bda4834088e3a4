"""A durable folder of 1,000 files, against the least Python that makes one: create the files, exchange, one syncfs.

What is compared ends in the same state: a folder that replaces another has removed it, and one that is new has nothing
to remove. What the removal costs is in the table: a floor that leaves the old folder behind. The floors flush once,
after the exchange, where a crash may find the new name without the new files; a publication flushes before and after.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import disk
from bench.budget import Budget, milli, p95, spread, table
from confkeep.files import syscalls
from confkeep.files.folder import build
from confkeep.files.place import at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FILES: Final = 1000
_CONTENT: Final = b"key: value\n" * 100
_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_MOST: Final = 1.3
#: Numbers of files that are flushed one by one and at once, and how often.
_COUNTS: Final = (1, 2, 4, 8, 16, 100, 1000)
_EACH: Final = 8

FLOOR: Final = "floor"
TWIN: Final = "its twin"
LEAVING: Final = "floor, old folder left"
OURS: Final = "build + publish"
FLOOR_NEW: Final = "new: floor"
OURS_NEW: Final = "new: build + publish"


def _fill(folder: str, count: int = _FILES) -> None:
    for number in range(count):
        fd = os.open(f"{folder}/{number:04}.yaml", _CREATE, 0o644)
        os.write(fd, _CONTENT)
        os.close(fd)


def _bare(path: str, rename: Callable[[int, str, str], None]) -> None:
    """Create beside, rename, flush."""
    os.mkdir(f"{path}.new")
    _fill(f"{path}.new")
    directory = os.open(os.path.dirname(path), _DIRECTORY)
    rename(directory, os.path.basename(path) + ".new", os.path.basename(path))
    syscalls.syncfs(directory)
    os.close(directory)


def _floor(path: str) -> None:
    _bare(path, syscalls.rename_exchange)
    _remove(f"{path}.new")


def _leaving(path: str) -> None:
    _bare(path, syscalls.rename_exchange)


def _floor_new(path: str) -> None:
    _bare(f"{path}.created", syscalls.rename_noreplace)


def _remove(folder: str) -> None:
    for name in os.listdir(folder):
        os.unlink(f"{folder}/{name}")
    os.rmdir(folder)


def _ours(path: str) -> None:
    with at(path) as place:
        building = build(place)
        _fill(building.path)
        published = building.publish()
    assert published.guarantees.crash_safe, published
    assert published.notes == (), published


def _ours_new(path: str) -> None:
    _ours(f"{path}.created")


_LANES: Final[dict[str, Callable[[str], None]]] = {
    FLOOR: _floor,
    TWIN: _floor,
    OURS: _ours,
    LEAVING: _leaving,
    FLOOR_NEW: _floor_new,
    OURS_NEW: _ours_new,
}


def _time(name: str, path: str) -> float:
    """Seconds for one folder; what a lane leaves beside it is removed afterwards."""
    os.sync()
    before = time.perf_counter()
    _LANES[name](path)
    taken = time.perf_counter() - before
    directory, own = os.path.split(path)
    for left in os.listdir(directory):
        if left.startswith(f"{own}."):
            assert len(os.listdir(f"{directory}/{left}")) == _FILES
            _remove(f"{directory}/{left}")
    assert len(os.listdir(path)) == _FILES
    return taken


def run(rounds: int, directory: str | None) -> list[Budget]:
    """All lanes, interleaved on a disk; then the two ways to flush."""
    with disk.journaled(directory) as place:
        paths = [os.fspath(place.directory / f"folder-{number}") for number in range(len(_LANES))]
        for path in paths:
            os.mkdir(path)
            _fill(path)
        measured: dict[str, list[float]] = {name: [] for name in _LANES}
        for number in range(rounds + 1):
            # Each lane in each of the places as often: some parts of a disk are faster.
            turns = [(name, paths[(number + turn) % len(paths)]) for turn, name in enumerate(_LANES)]
            for name, path in random.sample(turns, len(turns)):
                measured[name].append(_time(name, path))
        assert sorted(os.listdir(place.directory)) == sorted([*map(os.path.basename, paths), "lost+found"])
        measured = {name: samples[1:] for name, samples in measured.items()}
        _print(measured, place.what)
        _print_flushes(place.directory)
    return _budgets(measured)


def _ratios(measured: dict[str, list[float]], name: str, to: str) -> list[float]:
    return [one / other for one, other in zip(measured[name], measured[to], strict=True)]


def _print(measured: dict[str, list[float]], what: str) -> None:
    rows: list[list[str]] = []
    for name, samples in measured.items():
        ratios = _ratios(measured, name, FLOOR)
        rows.append([name, milli(median(samples)), milli(p95(samples)), f"{median(ratios):.2f}", spread(ratios)])
    table(f"a durable folder of {_FILES} files, ms, on {what}", ["", "p50", "p95", "/ floor", "range"], rows)


def _budgets(measured: dict[str, list[float]]) -> list[Budget]:
    twin = median(_ratios(measured, TWIN, FLOOR))
    return [
        Budget(f"{what} / floor, {_FILES} files", median(_ratios(measured, ours, floor)), _MOST, twin)
        for what, ours, floor in (("folder replaced", OURS, FLOOR), ("folder created", OURS_NEW, FLOOR_NEW))
    ]


def _print_flushes(directory: Path) -> None:
    """What decides how a tree is flushed (confkeep/files/tree.py), on a disk that nobody else writes to."""
    rows: list[list[str]] = []
    for count in _COUNTS:
        taken: dict[Callable[[str], None], list[float]] = {_flush_each: [], _flush_all: []}
        for _ in range(_EACH):
            for flush in random.sample(list(taken), len(taken)):
                folder = os.fspath(directory / "flushed")
                os.mkdir(folder)
                _fill(folder, count)
                before = time.perf_counter()
                flush(folder)
                taken[flush].append(time.perf_counter() - before)
                shutil.rmtree(folder)
                os.sync()
        rows.append([f"{count} files", *(milli(median(samples)) for samples in taken.values())])
    table("flushing new files, ms", ["", "fsync of each", "one syncfs"], rows)


def _flush_each(folder: str) -> None:
    for name in (*os.listdir(folder), "."):
        fd = os.open(f"{folder}/{name}", os.O_RDONLY | os.O_CLOEXEC)
        os.fsync(fd)
        os.close(fd)


def _flush_all(folder: str) -> None:
    fd = os.open(folder, _DIRECTORY)
    syscalls.syncfs(fd)
    os.close(fd)
