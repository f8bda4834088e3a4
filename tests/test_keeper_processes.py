"""confkeep.keeper: savers in processes of their own take turns, and no dead or stopped one holds the others up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.errors import TargetBusy
from confkeep.history.revisions import State
from tests.support.saving import NAME, NEW, OLD, ROUTES, Bench, bench, open_intents, recorded, save

if TYPE_CHECKING:
    from pathlib import Path

PROCESSES, TURNS = 4, 40
BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)

#: Each number comes with its writer (two that write the very same have both saved it), padding that depends on it and a
#: hash over all: a mixture of two is none.
CONTENT = """
import hashlib, os
def content(number):
    text = b"n: %d\\npid: %d\\n" % (number, os.getpid()) + b"#" * (number * 997 % 9000) + b"\\n"
    return text + b"# " + hashlib.sha256(text).hexdigest().encode() + b"\\n"
def number_in(data):
    text, _, digest = data.rpartition(b"# ")
    assert hashlib.sha256(text).hexdigest().encode() == digest.strip(), data[:40]
    return int(text.split(maxsplit=2)[1])
"""

COUNT = (
    CONTENT
    + """
import sys
from pathlib import Path
from confkeep.errors import Conflict, TargetBusy
from confkeep.expect import Expect
from confkeep.files.root import OnBusy, Root
from confkeep.keeper import Keeper, Request
state, directory, name, turns = sys.argv[1:]
root, conflicts = Root("config", directory, on_busy=OnBusy.REFUSE), 0
with Keeper(Path(state)) as keeper:
    for _ in range(int(turns)):
        while True:
            found = keeper.read(root, name)
            more = content(number_in(found.data) + 1)
            try:
                keeper.save(root, name, Request(more, Expect(etags=frozenset({found.etag}))))
                break
            except (Conflict, TargetBusy):
                conflicts += 1
print(conflicts)
"""
)

READ = (
    CONTENT
    + """
import os, sys
reads, last = 0, 0
print("reading", flush=True)
while not os.path.exists(sys.argv[2]):
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    number = number_in(data)
    assert number >= last, (number, last)
    last, reads = number, reads + 1
print(reads)
"""
)


@pytest.fixture
def one(disk: Path, route: str) -> Bench:
    """A file that takes the route."""
    return bench(disk / "config", disk / "state", route)


@BOTH_ROUTES
@pytest.mark.parametrize("states", ["one state", "several states"])
def test_a_counter(one: Bench, states: str) -> None:
    """Processes count, each from the number that it read: none is lost, and a reader sees whole numbers that rise.

    One state: they queue at its lock. Several: the lease keeps them apart in place, the exchange where it is a rename.
    """
    numbers: dict[str, Any] = {}
    exec(CONTENT, numbers)  # noqa: S102 - the very code of the others
    one.path.write_bytes(numbers["content"](0))
    stop = one.state.with_name("stop")
    several = states == "several states"
    with subprocess.Popen([sys.executable, "-c", READ, one.path, stop], stdout=subprocess.PIPE) as reader:
        try:
            assert reader.stdout is not None
            assert reader.stdout.readline() == b"reading\n"
            conflicts = counted(one, [f"{one.state}{who * several}" for who in range(2 if several else PROCESSES)])
        finally:
            stop.touch()
        reads = int(reader.communicate()[0])
    assert numbers["number_in"](one.path.read_bytes()) == len(conflicts) * TURNS
    assert (reader.returncode, reads > 0) == (0, True)
    assert several or sum(conflicts) > 0, "they never met"
    assert not any(name.startswith(".confkeep") for name in one.names())


def counted(one: Bench, states: list[str]) -> list[int]:
    """A process for each of these states counts; how often each had to try again."""
    command = [sys.executable, "-c", COUNT]
    counters = [
        subprocess.Popen([*command, state, one.directory, NAME, str(TURNS)], stdout=subprocess.PIPE) for state in states
    ]
    said = [counter.communicate()[0] for counter in counters]
    assert [counter.returncode for counter in counters] == [0] * len(states)
    return list(map(int, said))


HOLD = """
import os, signal, sys
from pathlib import Path
from confkeep.documents.check import Validate
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from confkeep.writing import Writing
state, directory, name = sys.argv[1:]
write = Writing.write
def stopped(writing):  # promised and staged, and nothing written yet
    os.kill(os.getpid(), signal.SIGSTOP)
    return write(writing)
Writing.write = stopped
with Keeper(Path(state)) as keeper:
    keeper.save(Root("config", directory), name, Request(b"held: 1\\n", ANYTHING, validate=Validate.OFF))
print("saved")
"""


def holder(one: Bench) -> subprocess.Popen[bytes]:
    """A process that is stopped in the middle of its save."""
    made = subprocess.Popen([sys.executable, "-c", HOLD, one.state, one.directory, NAME], stdout=subprocess.PIPE)
    _, status = os.waitpid(made.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return made


@BOTH_ROUTES
def test_a_stopped_holder(one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others wait until the deadline, then they are told whom to look for; once it goes on everybody saves."""
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.2)
    with one.keeper() as keeper, holder(one) as stopped:
        try:
            with pytest.raises(TargetBusy) as caught:
                save(keeper, one)
            assert os.fspath(one.path) in caught.value.detail
            assert "another save" in caught.value.detail
            assert "stopped" in caught.value.remedy
            assert one.path.read_bytes() == OLD
            stopped.send_signal(signal.SIGCONT)
            assert stopped.communicate()[0] == b"saved\n"
        finally:
            stopped.kill()
        assert one.path.read_bytes() == b"held: 1\n"
        save(keeper, one)
        assert one.path.read_bytes() == NEW
        assert [content for _, content in recorded(keeper, one)] == [OLD, b"held: 1\n", NEW]


@BOTH_ROUTES
def test_a_killed_holder(one: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the dead: the next save settles what it left, and is done."""
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.0)
    names = one.names()
    with one.keeper() as keeper:
        with holder(one) as stopped:
            stopped.send_signal(signal.SIGKILL)
        save(keeper, one)
        assert one.path.read_bytes() == NEW
        assert open_intents(keeper) == 0
        assert (State.ABANDONED, b"held: 1\n") in recorded(keeper, one)
    assert one.names() == names
