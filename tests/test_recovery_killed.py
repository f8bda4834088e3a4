"""Killed by -9 at every system call of a save and of a repair: recovery makes the file whole."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from confkeep.files import leftovers
from tests.support.saving import NAME, Bench, bench, open_intents, promise, recorded, save

if TYPE_CHECKING:
    from pathlib import Path

SAVE = """
import os, sys
from pathlib import Path
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
state, directory, name = sys.argv[1:]
real = os.pwrite
os.pwrite = lambda fd, data, offset: real(fd, data[:1500], offset)  # several writes, so that one can be torn
with Keeper(Path(state)) as keeper:
    keeper.recover()
    keeper.save(Root("config", directory), name, Request(Path(directory, "wanted").read_bytes(), ANYTHING))
    print("saved", flush=True)
"""
_CALLS = ("pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "rename", "renameat", "unlinkat")
BEFORE, AFTER = b"# " + b"a" * 4000 + b"\n", b"# " + b"b" * 6000 + b"\n"


def prepare(directory: Path, route: str, before: bytes, after: bytes) -> Bench:
    """A store with one save in it, a file with ``before``, and ``after`` to be saved."""
    one = bench(directory / "config", directory / "state", route)
    with one.keeper() as keeper:
        save(keeper, one, before)
    (one.directory / "wanted").write_bytes(after)
    return one


def traced(strace: str, one: Bench, *options: str) -> subprocess.CompletedProcess[str]:
    """The save under strace."""
    command = [strace, "-f", "-qq", "-e", f"trace={','.join(_CALLS)}", *options]
    command += [sys.executable, "-c", SAVE, os.fspath(one.state), os.fspath(one.directory), NAME]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def check_whole(one: Bench, before: bytes, after: bytes, *, answered: bool) -> str:
    """Recover, twice; the file is whole, an answered save is there, nothing is left behind. Which it is."""
    with one.keeper() as keeper:
        assert all(recovered.settled for recovered in keeper.recover())
        assert keeper.recover() == []
        present = one.path.read_bytes()
        assert present == after if answered else present in {before, after}
        assert open_intents(keeper) == 0
        contents = [content for _, content in recorded(keeper, one)]
        assert before in contents
        assert present != after or after in contents
    if any(leftovers.is_temporary(name) for name in one.names()):
        # A save that had promised nothing yet leaves its temporary file: the next process that saves here sweeps.
        (one.directory / "wanted").write_bytes(b"next: 1\n")
        subprocess.run([sys.executable, "-c", SAVE, one.state, one.directory, NAME], check=True, capture_output=True)
    assert not any(leftovers.is_temporary(name) for name in one.names())
    return "new" if present == after else "old"


@pytest.mark.crash
@pytest.mark.parametrize(
    ("route", "before", "after", "step"),
    [("replace", BEFORE, AFTER, 2), ("overwrite", BEFORE, AFTER, 1), ("overwrite", AFTER, BEFORE, 2)],
    ids=["replace", "overwrite and grow", "overwrite and shrink"],
)
def test_killed_at_every_system_call(  # noqa: PLR0917 - the columns of the table
    disk: Path, strace: str, route: str, before: bytes, after: bytes, step: int
) -> None:
    """Killed by -9 on entry to each call of a save that changes a disk: after recovery wholly old or wholly new.

    ``step`` 2: at every other one, to save time.
    """
    log = disk / "calls"
    counted = prepare(disk / "counted", route, before, after)
    assert traced(strace, counted, "-o", os.fspath(log)).stdout == "saved\n"
    # strace counts the calls of each thread apart; a call kills the first thread that has made so many
    counts = {call: log.read_text().count(f" {call}(") for call in _CALLS}
    outcomes: list[str] = []
    killed = 0
    for call, when in [(call, at) for call, count in counts.items() for at in range(1, count + 1)][::step]:
        one = prepare(disk / f"{call}-{when}", route, before, after)
        done = traced(strace, one, "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={when}")
        killed += done.returncode == -9
        outcomes.append(check_whole(one, before, after, answered=done.stdout == "saved\n"))
    old, new = outcomes.count("old"), outcomes.count("new")
    logging.getLogger(__name__).info("%s: %d points, %d killed, %d old, %d new", route, old + new, killed, old, new)
    assert killed >= 10
    assert set(outcomes) == {"old", "new"}


@pytest.mark.crash
def test_killed_at_every_system_call_of_a_repair(disk: Path, strace: str) -> None:
    """A second crash at any point of the recovery gives the same result."""
    log = disk / "calls"
    number = 0
    killed = 0
    counts: dict[str, int] = {}
    points: list[tuple[str, int]] = [("", 0)]
    while points:
        call, when = points.pop()
        one = prepare(disk / str(number), "overwrite", BEFORE, AFTER)
        number += 1
        with one.keeper() as keeper:
            promise(keeper, one.path, BEFORE, AFTER)
        torn = AFTER[:3000] + BEFORE[3000:]
        one.path.write_bytes(torn)
        (one.directory / "wanted").write_bytes(AFTER)  # the save that follows the repair changes nothing
        options = ["-e", f"inject={call}:signal=KILL:when={when}"] if call else []
        done = traced(strace, one, "-o", os.fspath(log), *options)
        if not call:
            assert done.stdout == "saved\n", done.stderr
            counts = {name: log.read_text().count(f" {name}(") for name in _CALLS}
            points = [(name, at) for name, count in counts.items() for at in range(1, count + 1)]
        killed += done.returncode == -9
        with one.keeper() as keeper:
            keeper.recover()
            assert one.path.read_bytes() == AFTER
            assert torn in [content for _, content in recorded(keeper, one)]
            assert open_intents(keeper) == 0
    logging.getLogger(__name__).info("repair: %d points, %d killed", number, killed)
    assert killed >= 10
