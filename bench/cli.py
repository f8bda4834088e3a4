"""What a command costs: ``confkeep stat`` against an interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

from bench import disk, document, process
from bench.budget import Budget, milli, p95, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = (sys.executable, "-c", "pass")
_FLOOR, _TWIN, _STAT = "python -c pass", "its twin", "confkeep stat"


def run(rounds: int, _: str | None) -> list[Budget]:
    """Interleaved runs of both."""
    with disk.in_memory() as memory:
        folder = memory.directory / "config"
        folder.mkdir()
        (folder / "a.yaml").write_bytes(document.fresh())
        command, socket = process.serve(memory.directory, f'[roots.config]\npath = "{folder}"\n')
        with process.running(command, socket, "/readyz"):
            stat = process.confkeep("stat", "--host", f"unix://{socket}", "config/a.yaml")
            commands: dict[str, Sequence[str]] = {_FLOOR: _NOTHING, _TWIN: _NOTHING, _STAT: stat}
            times = _measure(commands, 3 * rounds)
    floor = median(times[_FLOOR])
    table(
        f"a command, ms, {3 * rounds} interleaved runs",
        ["", "best", "p50", "p95", "p50 / floor", "best / best"],
        [
            [
                name,
                milli(min(taken)),
                milli(median(taken)),
                milli(p95(taken)),
                f"{median(taken) / floor:.2f}",
                f"{min(taken) / min(times[_FLOOR]):.2f}",
            ]
            for name, taken in times.items()
        ],
    )
    twin = median(times[_TWIN]) / floor
    return [Budget("confkeep stat / python -c pass, p50", median(times[_STAT]) / floor, 8, twin)]


def _measure(commands: dict[str, Sequence[str]], runs: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    quiet = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    for number in range(runs + 1):  # the first one warms the caches
        for name, command in commands.items():
            before = time.perf_counter()
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=quiet)
            if number:
                times[name].append(time.perf_counter() - before)
    return times
