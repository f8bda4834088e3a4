"""The whole comparison: measured, printed, and what it says of the budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench import disk
from bench.budget import Budget
from bench.services import tables
from bench.services.burden import Burden, burdens
from bench.services.ground import peers, started
from bench.services.lanes import floors, lanes
from bench.services.rounds import Kept, measured

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.peers.table import Table
    from bench.services.connection import Connection
    from bench.services.ground import Service
    from bench.services.lanes import Lane

#: KB of a document -> saves of each lane in a round. The disk is small, and a history keeps all of them.
_SAVES: Final = {1: 20, 16: 20, 256: 8, 1024: 2}
_MOST_ROUNDS: Final = 40
_USUAL: Final = 16
#: What is promised, as ratios to the floor's p50 at 16 KB, and of 32 clients to one.
_MOST: Final = {"confkeep, validate=off": 1.9, "confkeep, validate=syntax": 2.8}
_LEAST_TOGETHER: Final = 2.5


def measure(rounds: int, directory: str | None) -> list[Table]:
    """Each size on a disk of its own, where all services run at the same time and are asked in turn."""
    compared = peers()
    speeds: dict[int, Kept] = {}
    found: dict[str, Burden] = {}
    starts: dict[str, list[float]] = {}
    what = ""
    for size, saves in _SAVES.items():
        with disk.journaled(directory) as place, started(compared, place.directory) as services:
            what = place.what
            for service in services:
                starts.setdefault(service.peer.name, []).append(service.running.seconds)
            again = _lanes(services, place.directory / "floor", size << 10)
            speeds[size] = measured(again, min(rounds, _MOST_ROUNDS), saves)
            if size == _USUAL:
                found = burdens(services, place, rounds)
    burden = tables.burden(compared, found, starts, what)
    return [tables.speed(compared, speeds, what), burden, tables.kept(compared, found)]


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Measure, print the tables, and compare with what is promised."""
    found = measure(rounds, directory)
    for table in found:
        tables.show(table)
    return budgets(found)


def budgets(found: list[Table]) -> list[Budget]:
    """Out of the tables of ``measure``."""
    speed, burden, _ = found
    assert speed.band is not None
    twin = max(speed.band, key=lambda read: abs(read - 1))
    ratio, gain = f"{_USUAL} KB / floor", "32 clients / 1"
    return [
        *(
            Budget(f"{name}, p50 / floor", tables.number(speed, name, ratio), most, twin)
            for name, most in _MOST.items()
        ),
        *(
            Budget(
                f"one client / 32, saves a second: {name}", 1 / tables.number(burden, name, gain), 1 / _LEAST_TOGETHER
            )
            for name in _MOST
        ),
    ]


def _lanes(services: list[Service], folder: Path, size: int) -> Callable[[], dict[str, Lane]]:
    """New connections at each call: servers hang up on one that was idle for some seconds."""
    of_floor = floors(folder, size)
    open_: list[Connection] = []

    def again() -> dict[str, Lane]:
        while open_:
            open_.pop().close()
        found = dict(of_floor)
        for service in services:
            open_.append(service.running.connect())
            found |= lanes(service.peer, service.running, open_[-1], size)
        return found

    return again
