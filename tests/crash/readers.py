"""Readers in processes of their own, and what all of them saw."""

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


@dataclass
class Seen:
    """What the readers saw; filled when they have ended."""

    reads: int = 0
    torn: int = 0
    empty: int = 0

    def __str__(self) -> str:
        """For the figures."""
        return f"{self.reads} reads, {self.torn} torn, {self.empty} empty"


@contextmanager
def readers(count: int, pause: float, path: Path, seed: int) -> Generator[Seen]:
    """So many readers of ``path`` inside the ``with``, all of them reading when it begins."""
    command = [sys.executable, "-m", "tests.crash.reader", str(path), str(pause), str(seed)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY) for _ in range(count)
    ]
    seen = Seen()
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield seen
        for process in processes:
            said = json.loads(process.communicate(timeout=60)[0])
            assert process.returncode == 0
            assert said["reads"] > 0
            seen.reads += said["reads"]
            seen.torn += said["torn"]
            seen.empty += said["empty"]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
