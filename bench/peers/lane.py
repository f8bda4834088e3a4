"""A writer's process as the bench sees it: asked through a pipe, it measures itself."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.peers.programs import PROGRAMS, Missing
from bench.replacing import Cost

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_TOP: Final = Path(__file__).parents[2]


class Failed(Exception):
    """A writer has refused, or failed to save."""


class Lane:
    """A running writer; ``state``: where it may keep a history or a journal; ``tracer``: a command to start it with."""

    def __init__(self, name: str, state: Path, tracer: Sequence[str] = ()) -> None:
        """Start it. Raises Missing."""
        state.mkdir(parents=True, exist_ok=True)
        command = PROGRAMS[name].command(state)
        environment = os.environ | {"CONFKEEP_STATE": str(state)}
        pipe = subprocess.PIPE
        self.name = name
        self.process = subprocess.Popen(
            [*tracer, *command], cwd=_TOP, env=environment, stdin=pipe, stdout=pipe, text=True, encoding="utf-8"
        )
        try:
            self.version = self._line()
        except Failed as error:
            self.close()
            raise Missing(f"not installed: {error} (make bench)") from error

    def save(self, path: Path, size: int, number: int, etag: str = "") -> Cost:
        """Save ``worker.content(size, number)``; ``etag``: of what the program had read. Raises Failed."""
        wall, processor = self._ask(f"{path}\t{size}\t{number}\t{etag}").split()
        return Cost(int(wall) / 1e9, int(processor) / 1e9)

    def recall(self, path: Path) -> str:
        """The first line that the file had before the last save, if the writer can tell; else nothing."""
        return self._ask(str(path))

    def close(self) -> None:
        """End of its input, then of itself."""
        self.process.communicate()

    def _ask(self, line: str) -> str:
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise Failed(f"{self.name} has ended with {self.process.wait()}")
        if line.startswith("!"):
            raise Failed(line[1:].strip())
        return line.rstrip("\n")


@contextmanager
def running(name: str, state: Path, tracer: Sequence[str] = ()) -> Generator[Lane]:
    """A writer inside the ``with``. Raises Missing."""
    lane = Lane(name, state, tracer)
    try:
        yield lane
    finally:
        lane.close()


def available(names: Sequence[str], state: Path) -> tuple[list[str], dict[str, str]]:
    """Which of them can be started here, with their versions in ``found``; and why the others cannot."""
    found: list[str] = []
    missing: dict[str, str] = {}
    for name in names:
        try:
            with running(name, state):
                found.append(name)
        except Missing as error:
            missing[name] = str(error)
    return found, missing
