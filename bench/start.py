"""Start, memory and idle wake-ups of the daemon, against a bare Starlette + uvicorn program."""

from __future__ import annotations

import sys
import time
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import client, disk, document, process
from bench.budget import Budget, milli, p95, spread, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE, _TWIN, _DAEMON = "bare Starlette + uvicorn", "its twin", "confkeep serve"
_IDLE = 5.0
_SETTLED = 1.5
_SAVES = 20


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Interleaved starts, each with its memory a moment after the first answer; wake-ups once."""
    with disk.journaled(directory) as place:
        folder, socket = place.directory / "config", place.directory / "bare"
        folder.mkdir()
        bare = [sys.executable, str(Path(__file__).with_name("bare.py")), str(socket)]
        serve, ours = process.serve(place.directory, f'[roots.config]\npath = "{folder}"\n')
        servers: dict[str, tuple[list[str], Path]] = {
            _BARE: (bare, socket),
            _TWIN: (bare, socket),
            _DAEMON: (serve, ours),
        }
        times: dict[str, list[float]] = {name: [] for name in servers}
        memory: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(rounds + 1):  # the first one compiles, and makes the store
            for name, (command, at) in servers.items():
                with process.running(command, at, "/healthz") as server:
                    time.sleep(0.1)
                    if number:
                        times[name].append(server.seconds)
                        memory[name].append(server.resident_bytes())
        wakes = {_BARE: _idle(bare, socket, saved=None), _DAEMON: _idle(serve, ours, saved=folder / "a.yaml")}
    return _report(times, memory, wakes)


def _idle(command: Sequence[str], socket: Path, saved: Path | None) -> int:
    """Wake-ups in five idle seconds; after some saves, so that every thread exists."""
    with process.running(command, socket, "/healthz") as server:
        if saved is not None:
            _save(server.socket, saved)
        time.sleep(_SETTLED)
        before = server.wake_ups()
        time.sleep(_IDLE)
        return server.wake_ups() - before


def _save(socket: str, file: Path) -> None:
    data = document.fresh()
    file.write_bytes(data)
    connection = client.Client(socket)
    for _ in range(_SAVES):
        etag, data = sha256(data).hexdigest(), document.fresh()
        status, answer = connection.ask(client.put(f"/v1/files/config/{file.name}", data, etag))
        assert status == 200, answer
    connection.close()


def _report(times: dict[str, list[float]], memory: dict[str, list[float]], wakes: dict[str, int]) -> list[Budget]:
    start, resident = median(times[_BARE]), median(memory[_BARE])
    table(
        f"exec to first answer, ms, {len(times[_BARE])} interleaved starts; memory; wake-ups in {_IDLE:g} s",
        ["", "best", "p50", "p95", "p50 / bare", "range", "RSS MB", "/ bare", "wake-ups"],
        [
            [
                name,
                milli(min(taken)),
                milli(median(taken)),
                milli(p95(taken)),
                f"{median(taken) / start:.2f}",
                spread([one / other for one, other in zip(taken, times[_BARE], strict=True)]),
                f"{median(memory[name]) / 1e6:.1f}",
                f"{median(memory[name]) / resident:.2f}",
                str(wakes.get(name, "")),
            ]
            for name, taken in times.items()
        ],
    )
    return [
        Budget("start to first answer / bare, p50", median(times[_DAEMON]) / start, 1.6, median(times[_TWIN]) / start),
        Budget("idle memory / bare", median(memory[_DAEMON]) / resident, 1.5, median(memory[_TWIN]) / resident),
        Budget(f"wake-ups in {_IDLE:g} idle seconds", wakes[_DAEMON], 0),
    ]
