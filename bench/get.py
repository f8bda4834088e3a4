"""GET of 16 KB over the socket, against a bare Starlette answer of the same size out of memory."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from bench import client, disk, document, process
from bench.budget import Budget, micro, spread, table

_BARE, _TWIN, _DAEMON = "bare Starlette", "its twin", "confkeep, GET of a file"
_A_ROUND: Final = 200


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Interleaved requests, each server with one connection."""
    with disk.journaled(directory) as place:
        folder, socket = place.directory / "config", place.directory / "bare"
        folder.mkdir()
        (folder / "a.yaml").write_bytes(document.fresh())
        bare = [sys.executable, str(Path(__file__).with_name("bare.py")), str(socket)]
        serve, ours = process.serve(place.directory, f'[roots.config]\npath = "{folder}"\n')
        with process.running(bare, socket, "/healthz") as floor, process.running(serve, ours, "/healthz") as daemon:
            lanes = {
                _BARE: (client.Client(floor.socket), client.get("/body")),
                _TWIN: (client.Client(floor.socket), client.get("/body")),
                _DAEMON: (client.Client(daemon.socket), client.get("/v1/files/config/a.yaml")),
            }
            times = [_round(lanes) for _ in range(rounds + 1)][1:]
            for connection, _ in lanes.values():
                connection.close()
    ratios = {name: [each[name] / each[_BARE] for each in times] for name in lanes}
    rows = [
        [name, micro(median(each[name] for each in times)), f"{median(of_lane):.2f}", spread(of_lane)]
        for name, of_lane in ratios.items()
    ]
    table("16 KB over a Unix socket, us", ["", "p50", "/ bare", "range"], rows)
    return [Budget("GET of 16 KB / bare Starlette, p50", median(ratios[_DAEMON]), 2.0, median(ratios[_TWIN]))]


def _round(lanes: dict[str, tuple[client.Client, bytes]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in lanes}
    for _ in range(_A_ROUND):
        for name in random.sample(list(lanes), len(lanes)):
            connection, request = lanes[name]
            before = time.perf_counter()
            status, _ = connection.ask(request)
            times[name].append(time.perf_counter() - before)
            assert status == 200, status
    return {name: median(taken) for name, taken in times.items()}
