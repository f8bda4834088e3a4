"""What watching costs: memory with the number of files, wake-ups, and the latency of a save."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from statistics import median
from typing import TYPE_CHECKING

from bench import client, disk, document, process
from bench.budget import Budget, micro, p95, table

if TYPE_CHECKING:
    from pathlib import Path

_FILES = (0, 1_000, 10_000)
_IDLE = 5.0
_SETTLED = 2.0
_A_ROUND = 40
_BETWEEN_ROUNDS = 0.3
_ON, _OFF, _TWIN = "watched", "not watched", "its twin"


@dataclass
class _Lane:
    """Saves of one file by one daemon."""

    connection: client.Client
    data: bytes
    root: str

    def save(self) -> float:
        """The seconds of one."""
        etag, self.data = sha256(self.data).hexdigest(), document.fresh()
        request = client.put(f"/v1/files/{self.root}/a.yaml", self.data, etag)
        before = time.perf_counter()
        status, answer = self.connection.ask(request)
        taken = time.perf_counter() - before
        assert status == 200, answer
        return taken


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Memory first, each time with a new daemon; then saves, interleaved."""
    with disk.journaled(directory) as place:
        budgets = _memory(place.directory)
    with disk.journaled(directory) as place:
        return [*budgets, *_latency(place, rounds)]


def _memory(base: Path) -> list[Budget]:
    used: dict[int, int] = {}
    wakes: dict[int, int] = {}
    for count in _FILES:
        folder = base / str(count) / "config"
        folder.mkdir(parents=True)
        for number in range(count):
            (folder / f"{number}.yaml").write_bytes(document.fresh())
        command, socket = process.serve(folder.parent, f'[roots.config]\npath = "{folder}"\n')
        with process.running(command, socket, "/healthz") as server:
            _rest(server)
            used[count] = server.resident_bytes()
            before = server.wake_ups()
            time.sleep(_IDLE)
            wakes[count] = server.wake_ups() - before
    rows = [
        [f"{count:,}", f"{used[count] / 1e6:.1f}", f"{(used[count] - used[0]) / 1e6:+.1f}", str(wakes[count])]
        for count in _FILES
    ]
    title = f"a daemon that watches files of 16 KB; wake-ups in {_IDLE:g} idle seconds"
    table(title, ["files", "RSS MB", "more", "wake-ups"], rows)
    return [
        Budget("memory with 1,000 watched files, MB more than with none", (used[1_000] - used[0]) / 1e6, 8),
        Budget("wake-ups with 10,000 watched files", wakes[10_000], 0),
    ]


def _rest(server: process.Server) -> None:
    """Until the first round is over: nothing has used the processor for a while."""
    before = -1.0
    while server.processor_seconds() > before + 0.001:
        before = server.processor_seconds()
        time.sleep(_SETTLED)


def _latency(place: disk.Disk, rounds: int) -> list[Budget]:
    names = {_ON: "on", _OFF: "off", _TWIN: "twin"}
    with ExitStack() as stack:
        lanes = {name: _lane(place.directory, root, stack) for name, root in names.items()}
        times: list[dict[str, list[float]]] = [_round(lanes) for _ in range(rounds + 1)][1:]
    ratios = {name: [median(each[name]) / median(each[_OFF]) for each in times] for name in names}
    rows = [
        [name, micro(median(all_)), micro(p95(all_)), f"{median(ratios[name]):.3f}"]
        for name in names
        for all_ in [[taken for each in times for taken in each[name]]]
    ]
    table(f"a 16 KB save through the socket, us, on {place.what}", ["", "p50", "p95", "p50 / not watched"], rows)
    what = "a save while its file is watched / not watched, p50"
    return [Budget(what, median(ratios[_ON]), 1.05, median(ratios[_TWIN]))]


def _lane(base: Path, root: str, stack: ExitStack) -> _Lane:
    folder = base / root / "config"
    folder.mkdir(parents=True)
    data = document.fresh()
    (folder / "a.yaml").write_bytes(data)
    watch = str(root == "on").lower()
    command, socket = process.serve(folder.parent, f'[roots.{root}]\npath = "{folder}"\nwatch = {watch}\n')
    server = stack.enter_context(process.running(command, socket, "/healthz"))
    connection = client.Client(server.socket)
    stack.callback(connection.close)
    return _Lane(connection, data, root)


def _round(lanes: dict[str, _Lane]) -> dict[str, list[float]]:
    time.sleep(_BETWEEN_ROUNDS)
    times: dict[str, list[float]] = {name: [] for name in lanes}
    order = list(lanes)
    for _ in range(_A_ROUND):
        random.shuffle(order)
        for name in order:
            times[name].append(lanes[name].save())
    return times
