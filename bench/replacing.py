"""Durable replaces that are compared: the floor, the route alone, and all that the files room does for a save."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from bench import floor
from confkeep.etag import version_of
from confkeep.files.place import resolve
from confkeep.files.read import read_whole
from confkeep.files.replace import stage
from confkeep.files.root import Root
from confkeep.files.target import look
from confkeep.files.written import Written

FLOOR: Final = "floor"
TWIN: Final = "its twin"
ROUTE: Final = "stage + publish"
WHOLE: Final = "resolve ... publish"

NAME: Final = "a.yaml"


class Cost(NamedTuple):
    """Of one save: seconds on the clock, and seconds of the processor in this thread."""

    wall: float
    processor: float


#: Saves these bytes in this directory, and tells what that cost.
Lane = Callable[[Path, bytes], Cost]


def prepare(directory: Path) -> None:
    """What a lane needs there."""
    path = directory / NAME
    path.touch()
    path.chmod(floor.MODE)


def check(directory: Path, data: bytes) -> None:
    """The last save there did all that it should have done, and left nothing else."""
    path = directory / NAME
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o7777 == floor.MODE
    assert os.listdir(directory) == [NAME]


def _now() -> Cost:
    # time.thread_time is a system call (time.perf_counter is none): it marks the measured part in a trace, see calls.py
    return Cost(time.perf_counter(), time.thread_time())


def _since(before: Cost) -> Cost:
    processor = time.thread_time()
    return Cost(time.perf_counter() - before.wall, processor - before.processor)


def _floor(directory: Path, data: bytes) -> Cost:
    path = os.fspath(directory / NAME)
    before = _now()
    floor.replace_at(path, data)
    return _since(before)


def _route(directory: Path, data: bytes) -> Cost:
    """The route alone: the target has been looked at and read before."""
    with resolve(Root("bench", os.fspath(directory)), NAME) as place, look(place) as target:
        old = read_whole(target)
        new = version_of(data)  # whoever saves knows the etag: it is in the answer and in the history
        before = _now()
        written = stage(target, new, old).publish()
        cost = _since(before)
    assert written == Written(), written
    return cost


def _whole(directory: Path, data: bytes) -> Cost:
    """All that the files room does for a save."""
    root = Root("bench", os.fspath(directory))
    before = _now()
    with resolve(root, NAME) as place, look(place) as target:
        written = stage(target, version_of(data), read_whole(target)).publish()
    cost = _since(before)
    assert written == Written(), written
    return cost


LANES: Final[dict[str, Lane]] = {FLOOR: _floor, TWIN: _floor, ROUTE: _route, WHOLE: _whole}
