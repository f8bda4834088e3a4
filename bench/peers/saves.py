"""A save of one file by each writer, against the floor: the least Python with the same flushes.

All save the same bytes to the same few files, in turn, in a new order each time, each from a process that was there
before (an import or a start is no part of a save). Who measures is the process that saves: its clock, and its
processor with all of its threads. A ratio is of two saves that came one after the other. ``durability`` says which
ratios compare like with like: *equal* has the floor's flushes or more, *less* may lose an answered save in a power cut.
What does not depend on the disk backs that up: flushes and system calls are counted. On tmpfs flushes cost nothing.

Between two saves of a writer all others have saved, so it finds nothing of its own in the processor's caches, as a
program that saves now and then does not. *In a row* is the processor time of one that saves again and again.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from contextlib import ExitStack
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Final

from bench.peers.lane import available, running
from bench.peers.places import Folder, folders
from bench.peers.programs import PROGRAMS
from bench.peers.saved import IN_MEMORY, Counted, table
from bench.peers.steady import steady
from bench.peers.trace import traced
from bench.peers.worker import content

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.disk import Disk
    from bench.peers.lane import Lane
    from bench.peers.table import Table
    from bench.replace import Costs
    from bench.replacing import Cost

#: KB, and saves of each writer in a round: histories of 1 MB contents shall not fill the disk.
SIZES: Final = {1: 40, 16: 40, 256: 12, 1024: 6}
#: Each writer has 1 MB in each, and the disk has 512.
_FOLDERS: Final = 8
_WARM: Final = 3
#: Python and Node rewrite code that has run some times.
_WARM_ROW: Final = 100
_BETWEEN_ROUNDS: Final = 0.1
_COUNTED: Final = 200
#: No save finds its own content there already: that would be no save.
_numbers = count(1)


def compare(place: Disk, rounds: int, sizes: Sequence[int]) -> list[Table]:
    """One table a size. In memory those in place are left out, whose journal needs a disk."""
    names = [name for name, program in PROGRAMS.items() if place.what != IN_MEMORY or not program.bound]
    found, missing = available(names, place.directory / "state")
    with folders(place.directory, _FOLDERS, found) as places:
        measured: dict[int, list[Costs]] = {size: [] for size in sizes}
        for _ in range(rounds):
            _round(place, found, places, measured)
        counted = {name: _counted(place, name, places[0]) for name in found}
    return [table(place.what, size, steady(of_size), counted, missing) for size, of_size in measured.items()]


def _fresh(place: Disk) -> Path:
    """An empty state directory."""
    state = place.directory / "state"
    shutil.rmtree(state)
    state.mkdir()
    os.sync()
    return state


def _round(place: Disk, names: list[str], places: list[Folder], measured: dict[int, list[Costs]]) -> None:
    """New processes and an empty history; then all sizes."""
    state = _fresh(place)
    with ExitStack() as stack:
        lanes = {name: stack.enter_context(running(name, state / str(at))) for at, name in enumerate(names)}
        for size in random.sample(list(measured), len(measured)):
            for name, lane in lanes.items():
                for _ in range(_WARM):
                    lane.save(places[0].path(name), size << 10, next(_numbers))
            time.sleep(_BETWEEN_ROUNDS)
            measured[size].append(_interleaved(lanes, places, size))


def _interleaved(lanes: dict[str, Lane], places: list[Folder], size: int) -> Costs:
    """In a new order each time: the disk drifts within a second, and some folders lie in faster parts of it."""
    costs: Costs = {name: [] for name in lanes}
    first = random.randrange(len(places))
    for number in range(first, first + SIZES[size]):
        turns = [(lane, places[(number + at) % len(places)]) for at, lane in enumerate(lanes.values())]
        for lane, folder in random.sample(turns, len(turns)):
            costs[lane.name].append(_save(lane, folder.path(lane.name), size))
    return costs


def _save(lane: Lane, path: Path, size: int) -> Cost:
    number = next(_numbers)
    cost = lane.save(path, size << 10, number)
    assert path.read_bytes() == content(size << 10, number), lane.name
    return cost


def _counted(place: Disk, name: str, folder: Folder) -> Counted:
    path = folder.path(name)
    with running(name, _fresh(place)) as lane:
        for _ in range(_WARM_ROW):
            _save(lane, path, 16)
        os.sync()
        before = place.flushes()
        costs = [_save(lane, path, 16) for _ in range(_COUNTED)]
        after = place.flushes()
    seen = traced(name, path, _fresh(place))
    assert seen is None or seen.is_as_said(PROGRAMS[name].flushes), f"{name} flushes otherwise: {seen}"
    commands = None if before is None or after is None else (after - before) / _COUNTED
    return Counted(seen, commands, median(cost.processor for cost in costs))
