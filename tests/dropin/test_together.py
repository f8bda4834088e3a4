"""Many processes that write one file with the drop-in at once."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.dropin.writing import SERVICE

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES, TURNS = 8, 30

#: Each content says its writer and its turn, and is as long as they say: of no two is a mixture one.
WRITE = """
import sys
from atomicwrites import atomic_write
path, overwrite, number, turns = sys.argv[1], sys.argv[2] == "True", int(sys.argv[3]), int(sys.argv[4])
won = 0
for turn in range(turns):
    try:
        with atomic_write(path, overwrite=overwrite) as file:
            file.write(f"{number:03d} {turn:03d} " * (1 + 1000 * number + 10 * turn))
        won += 1
    except FileExistsError:
        pass
print(won)
"""
#: Reads until its standard input ends; what it says is how often it has, and what was never written.
READ = """
import select, sys
reads, torn = 0, []
print("reading", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    try:
        with open(sys.argv[1]) as file:
            data = file.read()
    except FileNotFoundError:
        continue
    reads += 1
    number, turn = int(data[:3]), int(data[4:7])
    if data != data[:8] * (1 + 1000 * number + 10 * turn):
        torn.append(data[:8])
print(reads, torn)
"""


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs ``script`` over the drop-in."""
    command = [sys.executable, "-S", "-c", script, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(SERVICE)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    """Its last words."""
    words, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return words


@pytest.mark.parametrize("overwrite", [True, False])
def test_writers_of_one_file(disk: Path, *, overwrite: bool) -> None:
    """With overwrite every write succeeds, without it one; a reader never sees a part, and nothing is left over."""
    path = disk / "conf" / "a"
    path.parent.mkdir()
    reader = start(READ, path)
    assert reader.stdout is not None
    assert reader.stdout.readline() == "reading\n"
    writers = [start(WRITE, path, overwrite, number, TURNS) for number in range(PROCESSES)]
    won = sum(int(said(writer)) for writer in writers)
    reads, _, torn = said(reader).partition(" ")
    assert won == (PROCESSES * TURNS if overwrite else 1)
    assert (int(reads) > 0, torn) == (True, "[]\n")
    assert os.listdir(path.parent) == ["a"]


def test_writers_of_one_file_with_two_names(disk: Path) -> None:
    """They write in place, one after the other: every write succeeds, and the file is whole in the end."""
    path = disk / "conf" / "a"
    path.parent.mkdir()
    path.touch()
    path.with_name("b").hardlink_to(path)
    writers = [start(WRITE, path, True, number, 3) for number in range(PROCESSES)]  # noqa: FBT003 - what the script takes
    assert [int(said(writer)) for writer in writers] == [3] * PROCESSES
    data = path.read_text()
    assert data == data[:8] * (1 + 1000 * int(data[:3]) + 10 * int(data[4:7]))
    assert sorted(os.listdir(path.parent)) == ["a", "b"]
