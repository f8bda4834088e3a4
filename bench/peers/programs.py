"""Writers that are no Python: the floor in C, compiled when it is needed, and npm's write-file-atomic in a Node.

Their processes are started before anything is measured, and asked for each save through a pipe, as worker.py is.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.peers.writers import WRITERS
from bench.peers.writing import PEERS

_HERE: Final = Path(__file__).parent

#: The command of a process that saves; it may leave files in the directory.
Command = Callable[[Path], list[str]]


class Missing(Exception):
    """Not installed here; the text says what would help."""


@dataclass(frozen=True)
class Program:
    """A writer as the bench starts it. The rest as in ``Writer``."""

    flushes: tuple[str, ...]
    command: Command
    bound: bool = False


def _worker(name: str) -> Command:
    return lambda _: [sys.executable, "-m", "bench.peers.worker", name]


def _compiled(directory: Path) -> list[str]:
    program = directory / "floor"
    if not program.exists():
        compiler = shutil.which("cc")
        if compiler is None:
            raise Missing("not installed: a C compiler (apt-get install gcc libc6-dev)")
        subprocess.run([compiler, "-O2", "-Wall", "-Werror", "-o", program, _HERE / "floor.c"], check=True)
    return [str(program)]


def _node(*arguments: str) -> Command:
    def command(_: Path) -> list[str]:
        node = shutil.which("node")
        if node is None:
            raise Missing("not installed: Node (apt-get install nodejs)")
        if not (PEERS / "node_modules" / "write-file-atomic").is_dir():
            raise Missing(f"not installed: write-file-atomic in {PEERS.name} (make bench)")
        return [node, str(_HERE / "writer.js"), str(PEERS), *arguments]

    return command


FLOOR_C: Final = "floor: C"

#: All that are compared, by name.
PROGRAMS: Final = {
    **{name: Program(writer.flushes, _worker(name), writer.bound) for name, writer in WRITERS.items()},
    FLOOR_C: Program(("file", "rename", "directory"), _compiled),
    "npm write-file-atomic": Program(("file", "rename"), _node()),
    "npm write-file-atomic + flushes": Program(("file", "rename", "directory"), _node("directory")),
}
