"""What an import of the library and of the drop-in costs: processor time of a fresh interpreter, less a bare one's."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.budget import Budget, milli, table

if TYPE_CHECKING:
    from collections.abc import Sequence

_BARE: Final = "bare interpreter"
_TWIN: Final = "its twin"
_SAVE: Final = "import confkeep; confkeep.save"
_DROP_IN: Final = "import atomicwrites"
_A_WRITE: Final = "drop-in: import, and one write"
_ORIGINAL: Final = "1.4.1: import, and one write"
_SERVICE: Final = Path(__file__).parents[1] / "service"
_PEERS: Final = Path(sys.prefix, "peers")
_WRITE: Final = """
import sys, atomicwrites
with atomicwrites.atomic_write(sys.argv[1], overwrite=True) as file: file.write("new")
"""
_PROGRAMS: Final = {
    _BARE: ("pass", _SERVICE),
    _TWIN: ("pass", _SERVICE),
    "import confkeep": ("import confkeep", _SERVICE),
    _SAVE: (_SAVE, _SERVICE),
    _DROP_IN: (_DROP_IN, _SERVICE),
    _A_WRITE: (_WRITE, _SERVICE),
    _ORIGINAL: (_WRITE, _PEERS),
}


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Interleaved, three a round; the minimum of each counts: nothing makes an import faster than it is."""
    taken: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        for number in range(3 * rounds + 1):  # the first one compiles
            for name, (script, where) in random.sample(list(_PROGRAMS.items()), len(_PROGRAMS)):
                seconds = _processor(script, where, f"{folder}/a")
                if number:
                    taken[name].append(seconds)
    cost = {name: min(times) - min(taken[_BARE]) for name, times in taken.items()}
    rows = [[name, milli(min(times)), milli(cost[name])] for name, times in taken.items()]
    table(f"processor time of a fresh interpreter, ms, minimum of {3 * rounds}", ["", "whole", "more than bare"], rows)
    return [
        Budget(f"{name}, ms", cost[name] * 1e3, most, cost[_TWIN] * 1e3)
        for name, most in ((_SAVE, 20.0), (_DROP_IN, 30.0), (_A_WRITE, 30.0))
    ]


def _processor(script: str, where: Path, path: str) -> float:
    # -S: no site-packages, whose start files may import half of what is measured.
    command: Sequence[str] = [sys.executable, "-S", "-c", script, path]
    environment = os.environ | {"PYTHONPATH": str(where)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each compiles all of it again
    process = subprocess.Popen(command, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, script
    return usage.ru_utime + usage.ru_stime
