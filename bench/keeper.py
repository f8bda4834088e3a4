"""``Keeper.save``, with history and journal, against the bare durable write of atomicwrites; many savers at once."""

from __future__ import annotations

import os
import random
import time
from statistics import median
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Final

from bench import disk
from bench.budget import Budget, micro, spread, table
from bench.library import original, writing_with
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SIZE: Final = 16 << 10
_A_ROUND: Final = 30
_SAVERS: Final = 32
_SAVES_EACH: Final = 12
_NAME: Final = "a.conf"


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Alone, interleaved with the bare write; then one saver and many, in turn."""
    with disk.journaled(directory) as place, Keeper(place.directory / "state") as keeper:
        lanes = _lanes(place.directory, keeper)
        times: list[dict[str, float]] = [_round(lanes) for _ in range(rounds + 1)][1:]
        alone = {name: [each[name] / each[_BARE] for each in times] for name in lanes}
        table(
            f"one durable save of 16 KB, us, on {place.what}",
            ["", "p50", "/ bare", "range"],
            [
                [name, micro(median(each[name] for each in times)), f"{median(ratios):.2f}", spread(ratios)]
                for name, ratios in alone.items()
            ],
        )
        together = [_many(place.directory, keeper, _SAVERS) / _many(place.directory, keeper, 1) for _ in range(5)]
        print(f"\nsaves a second of {_SAVERS} savers on different files / of one: {median(together):.1f}")
    return [
        Budget("Keeper.save, replaced / atomicwrites, wall", median(alone[_REPLACED]), 1.0, median(alone[_TWIN])),
        Budget("Keeper.save, in place / atomicwrites, wall", median(alone[_IN_PLACE]), 1.0, median(alone[_TWIN])),
        Budget(f"one saver / {_SAVERS} savers, saves a second", 1 / median(together), 1 / 3),
    ]


_BARE: Final = "atomicwrites 1.4.1"
_TWIN: Final = "its twin"
_REPLACED: Final = "Keeper.save, replaced"
_IN_PLACE: Final = "Keeper.save, in place"


def _lanes(directory: Path, keeper: Keeper) -> dict[str, Callable[[bytes], object]]:
    bare = writing_with(original())

    def kept(name: str, *, linked: bool) -> Callable[[bytes], object]:
        folder = directory / name
        folder.mkdir()
        (folder / _NAME).write_bytes(b"")
        if linked:
            (folder / "link").hardlink_to(folder / _NAME)
        root = Root(name, os.fspath(folder))
        return lambda data: keeper.save(root, _NAME, Request(data, ANYTHING))

    return {
        _BARE: lambda data: bare(os.fspath(directory / "bare"), data),
        _TWIN: lambda data: bare(os.fspath(directory / "twin"), data),
        _REPLACED: kept("replaced", linked=False),
        _IN_PLACE: kept("in-place", linked=True),
    }


def _round(lanes: dict[str, Callable[[bytes], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in lanes}
    for _ in range(_A_ROUND):
        for name in random.sample(list(lanes), len(lanes)):
            data = random.randbytes(_SIZE)
            before = time.perf_counter()
            lanes[name](data)
            times[name].append(time.perf_counter() - before)
    return {name: median(of_lane) for name, of_lane in times.items()}


def _many(directory: Path, keeper: Keeper, savers: int) -> float:
    """Saves a second."""
    folder = directory / "many"
    folder.mkdir(exist_ok=True)
    root = Root("many", os.fspath(folder))
    ready = Barrier(savers + 1)

    def save(number: int) -> None:
        ready.wait()
        for _ in range(_SAVES_EACH):
            keeper.save(root, f"{number}.conf", Request(random.randbytes(_SIZE), ANYTHING))

    for number in range(savers):
        (folder / f"{number}.conf").touch()
    threads = [Thread(target=save, args=(number,)) for number in range(savers)]
    for thread in threads:
        thread.start()
    ready.wait()
    before = time.perf_counter()
    for thread in threads:
        thread.join()
    return savers * _SAVES_EACH / (time.perf_counter() - before)
