"""A history of 100,000 revisions against an empty one: saves, the listing, the start; and saves while it is pruned."""

from __future__ import annotations

import os
import random
import threading
import time
from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING, Final

from bench import client, disk, document, process
from bench.budget import Budget, micro, milli, p95, table
from bench.lanes import SAVES, lanes
from confkeep.etag import version_of
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.history import revisions
from confkeep.history.retention import Policy
from confkeep.history.revisions import LIBRARY, State
from confkeep.history.store import Store
from confkeep.history.upkeep import Done, upkeep
from confkeep.keeper import Keeper, Request

if TYPE_CHECKING:
    from pathlib import Path

_REVISIONS: Final = 100_000
_FILES: Final = 50
_SIZE: Final = 1_000
_A_STEP: Final = 5_000
_A_ROUND: Final = 40
_EMPTY, _TWIN, _FULL = "empty", "its twin", f"{_REVISIONS} revisions"
_STORES: Final = {_EMPTY: "empty", _TWIN: "twin", _FULL: "full"}
_HOUR: Final = 3_600_000
_KEEP: Final = "keep_revisions = 0\nkeep_bytes = 0\n"  # or the daemon itself would look after that


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Each daemon on a store of its own, on one disk; interleaved."""
    with disk.journaled(directory) as place:
        for name in _STORES.values():
            (place.directory / name).mkdir()
        config = place.directory / "full" / "config"
        # Those of the files that are saved in the bench are a part of it.
        files = [os.fspath(config / name) for name, _ in SAVES.values()]
        _fill(place.directory / "full" / "state", files + [f"{config}/{number}.yaml" for number in range(_FILES)])
        with ExitStack() as stack:
            budgets = _saves_and_listing(place, rounds, stack)
        return [*budgets, *_starts(place.directory, rounds), *_while_pruned(place.directory)]


def _fill(state: Path, paths: list[str]) -> None:
    """So many revisions, each of a content of its own, an hour old."""
    for start in range(0, _REVISIONS, _A_STEP):
        store = Store(state)
        with store.durable() as connection:
            for number in range(start, start + _A_STEP):
                file = revisions.ensure_file(connection, paths[number % len(paths)])
                content = os.urandom(_SIZE // 4).hex() + "\n" + "a: 1\n" * (_SIZE // 10)
                revisions.add(connection, file, version_of(content.encode()), State.APPLIED, LIBRARY)
        store.close()  # and the log is gone: the disk is small
    store = Store(state)
    with store.durable() as connection:
        connection.execute("UPDATE revisions SET time = time - ?", (_HOUR,))
    store.close()


def _saves_and_listing(place: disk.Disk, rounds: int, stack: ExitStack) -> list[Budget]:
    found = {name: lanes(place.directory / folder, stack, settings=_KEEP) for name, folder in _STORES.items()}
    turns = [(lane, name) for lane in SAVES for name in _STORES]
    times: dict[tuple[str, str], list[float]] = {turn: [] for turn in turns}
    for number in range((rounds + 1) * _A_ROUND):
        random.shuffle(turns)
        for lane, name in turns:
            taken = found[name][1][lane]()
            if number >= _A_ROUND:
                times[lane, name].append(taken)
    rows: list[list[str]] = []
    budgets: list[Budget] = []
    for lane in SAVES:
        empty = median(times[lane, _EMPTY] + times[lane, _TWIN])
        ratios = {name: median(times[lane, name]) / empty for name in _STORES}
        rows += [
            [f"{lane}: {name}", micro(median(times[lane, name])), micro(p95(times[lane, name])), f"{ratios[name]:.2f}"]
            for name in _STORES
        ]
        budgets.append(Budget(f"save, 100,000 revisions / empty, p50: {lane}", ratios[_FULL], 1.2, ratios[_TWIN]))
    table(f"a 16 KB save, us, on {place.what}", ["", "p50", "p95", "p50 / empty"], rows)
    server, _ = found[_FULL]
    listing = _listing(server.socket, "/v1/history/config/ordinary.yaml?limit=100")
    row = ["", milli(median(listing)), milli(p95(listing))]
    table("the newest 100 revisions of a file, ms", ["", "p50", "p95"], [row])
    return [*budgets, Budget("listing of 100 of 100,000 revisions, p95, ms", p95(listing) * 1e3, 10)]


def _listing(socket: str, target: str) -> list[float]:
    connection = client.Client(socket)
    times: list[float] = []
    for _ in range(200):
        before = time.perf_counter()
        status, _ = connection.ask(client.get(target))
        times.append(time.perf_counter() - before)
        assert status == 200
    connection.close()
    return times


def _starts(directory: Path, rounds: int) -> list[Budget]:
    times: dict[str, list[float]] = {name: [] for name in _STORES}
    order = list(_STORES)
    for number in range(rounds + 1):
        random.shuffle(order)
        for name in order:
            below = directory / _STORES[name]
            command, socket = process.serve(below, f'[roots.config]\npath = "{below / "config"}"\n{_KEEP}')
            with process.running(command, socket, "/readyz") as server:
                if number:
                    times[name].append(server.seconds)
    empty = median(times[_EMPTY] + times[_TWIN])
    rows = [
        [name, milli(median(taken)), milli(p95(taken)), f"{median(taken) / empty:.2f}"] for name, taken in times.items()
    ]
    table("a start, ms", ["", "p50", "p95", "p50 / empty"], rows)
    twin = median(times[_TWIN]) / empty
    return [Budget("start, 100,000 revisions / empty, p50", median(times[_FULL]) / empty, 1.5, twin)]


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _while_pruned(directory: Path) -> list[Budget]:
    """Saves in one process with the upkeep, which takes away and packs all it can."""
    config = directory / "full" / "config"
    root = Root("config", os.fspath(config))
    done: list[Done] = []
    with Keeper(directory / "full" / "state") as keeper:

        def save() -> float:
            data = document.fresh()
            before = time.perf_counter()
            keeper.save(root, "ordinary.yaml", Request(data, ANYTHING))
            return time.perf_counter() - before

        def prune() -> None:
            done.append(upkeep(keeper.store, {root.path: Policy(500, 0, 0)}, _pause))

        alone = [save() for _ in range(400)]
        thread = threading.Thread(target=prune)
        before = time.perf_counter()
        thread.start()
        beside: list[float] = []
        while thread.is_alive():
            beside.append(save())
        seconds = time.perf_counter() - before
        thread.join()
    size = os.stat(directory / "full" / "state" / "history.db").st_size
    rows = [
        [name, micro(median(taken)), micro(p95(taken)), milli(max(taken))]
        for name, taken in (("alone", alone), ("beside the upkeep", beside))
    ]
    what = f"{done[0].pruned} revisions are pruned, {done[0].packed} contents packed, {done[0].pages} pages given back"
    table(
        f"a save while {what} in {seconds:.0f} s ({len(beside)} saves; {size >> 20} MB are left)",
        ["", "p50, us", "p95, us", "longest, ms"],
        rows,
    )
    return [Budget("save beside the upkeep / alone, p50", median(beside) / median(alone), 2)]
