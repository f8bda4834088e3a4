"""Transactions at the same time over the same files: they take turns, and none waits for another for ever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import TargetBusy
from confkeep.expect import ANYTHING
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper, Request
from confkeep.transaction import Change, transact
from tests.support.batches import OTHER_NAME, TWO, Batch
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from pathlib import Path

TURNS: Final = 15
WORKERS: Final = 3
NAMES: Final = list(TWO)

#: Each writes its own number to all files, in an order of its own; who holds the locks sees the same in all of them.
WORK: Final = """
import sys
from pathlib import Path
from tests.test_transaction_together import work
print(work(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], reverse=sys.argv[4] == "True"))
"""


@pytest.fixture
def batch(disk: Path, state: Path) -> Batch:
    """Two files, one by each route, with the same in both."""
    batch = Batch(disk / "config", state, dict.fromkeys(NAMES, (b"0\n", b"1\n")))
    batch.begin()
    return batch


def writes(batch: Batch, content: bytes, names: list[str]) -> list[Change]:
    """The same to all of them, whatever is there."""
    return [Change(batch.root, name, content, ANYTHING, validate=Validate.OFF) for name in names]


def one_worker(batch: Batch, keeper: Keeper, who: str, names: list[str]) -> int:
    """Save again and again."""
    done = 0
    for turn in range(TURNS):
        transact(keeper, writes(batch, f"{who} {turn}\n".encode() * (turn + 1), names), LIBRARY)
        done += 1
    return done


def work(directory: Path, state: Path, who: str, *, reverse: bool) -> int:
    """The work of a process."""
    batch = Batch(directory, state, dict.fromkeys(NAMES, (b"", b"")))
    with batch.keeper() as keeper:
        return one_worker(batch, keeper, who, NAMES[::-1] if reverse else NAMES)


def check_turns(batch: Batch) -> None:
    """All files have the same, and had it in the same order: no two transactions were mixed."""
    assert len(set(batch.present().values())) == 1
    first, second = ([each for each in batch.contents(name) if each != b"0\n"] for name in NAMES)
    assert first == second
    assert len(first) == WORKERS * TURNS
    assert batch.recover() == []


def test_threads(batch: Batch) -> None:
    """In opposite orders, through one keeper."""
    with batch.keeper() as keeper, ThreadPoolExecutor(WORKERS) as pool:
        jobs = [
            pool.submit(one_worker, batch, keeper, str(who), NAMES[::-1] if who % 2 else NAMES)
            for who in range(WORKERS)
        ]
        assert [job.result(timeout=120) for job in jobs] == [TURNS] * WORKERS
    check_turns(batch)


@pytest.mark.slow
def test_processes(batch: Batch) -> None:
    """In opposite orders, each process with a keeper of its own."""
    command = [sys.executable, "-c", WORK, os.fspath(batch.directory), os.fspath(batch.state)]
    workers = [
        subprocess.Popen([*command, str(who), str(bool(who % 2))], stdout=subprocess.PIPE) for who in range(WORKERS)
    ]
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert said == [b"%d\n" % TURNS] * WORKERS
    check_turns(batch)


def test_a_transaction_and_single_saves(batch: Batch) -> None:
    """Single saves of one of the files come before or after each transaction, never within."""
    name = NAMES[0]

    def single(keeper: Keeper) -> None:
        for turn in range(TURNS):
            keeper.save(batch.root, name, Request(b"single %d\n" % turn, ANYTHING, validate=Validate.OFF))

    with batch.keeper() as keeper, ThreadPoolExecutor(2) as pool:
        singly, both = pool.submit(single, keeper), pool.submit(one_worker, batch, keeper, "both", NAMES)
        singly.result(timeout=120)
        assert both.result(timeout=120) == TURNS
    contents = [each for each in batch.contents(name) if each is not None and each.startswith(b"both")]
    assert contents == [each for each in batch.contents(NAMES[1]) if each != b"0\n"]
    assert len(contents) == TURNS
    assert batch.recover() == []


def test_another_name_of_one_inode(batch: Batch) -> None:
    """A save by another name of a member's inode waits as one by its own does."""
    other = OTHER_NAME + "b.yaml"

    def single(keeper: Keeper) -> None:
        for turn in range(TURNS):
            keeper.save(batch.root, other, Request(b"single %d\n" % turn, ANYTHING, validate=Validate.OFF))

    with batch.keeper() as keeper, ThreadPoolExecutor(2) as pool:
        singly, both = pool.submit(single, keeper), pool.submit(one_worker, batch, keeper, "both", NAMES)
        singly.result(timeout=120)
        assert both.result(timeout=120) == TURNS
    assert batch.content("b.yaml") == (batch.directory / other).read_bytes()
    assert batch.content("b.yaml") in {b"single %d\n" % (TURNS - 1), b"both %d\n" % (TURNS - 1) * TURNS}
    assert batch.recover() == []


STOP: Final = """
import os, signal, sys
from pathlib import Path
from confkeep.writing import Writing
from tests.support.batches import TWO, Batch
publish = Writing.publish
def stopped(writing):  # the first is published, the second is not
    if writing.plan.target.place.name == "b.yaml":
        os.kill(os.getpid(), signal.SIGSTOP)
    return publish(writing)
Writing.publish = stopped
batch = Batch(Path(sys.argv[1]), Path(sys.argv[2]), TWO)
with batch.keeper() as keeper:
    batch.save(keeper)
print("saved")
"""


def stopped_within(batch: Batch) -> subprocess.Popen[bytes]:
    """A process that is stopped between the two."""
    made = subprocess.Popen([sys.executable, "-c", STOP, batch.directory, batch.state], stdout=subprocess.PIPE)
    _, status = os.waitpid(made.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    return made


@pytest.fixture
def two(disk: Path, state: Path) -> Batch:
    """Two files, one by each route."""
    batch = Batch(disk / "config", state, dict(TWO))
    batch.begin()
    return batch


@pytest.mark.parametrize("name", NAMES)
def test_a_stopped_transaction(two: Batch, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody touches any of its files, also not recovery; when it goes on it is done."""
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.2)
    with two.keeper() as keeper, stopped_within(two) as stopped:
        try:
            half = two.present()
            with pytest.raises(TargetBusy, match="another save"):
                keeper.save(two.root, name, Request(b"x: 1\n", ANYTHING))
            assert [each.settled for each in keeper.recover(wait=0.0)] == [False, False]
            assert two.present() == half == {"a.yaml": TWO["a.yaml"][1], "b.yaml": TWO["b.yaml"][0]}
            stopped.send_signal(signal.SIGCONT)
            assert stopped.communicate()[0] == b"saved\n"
        finally:
            stopped.kill()
        assert two.present() == two.new
        keeper.save(two.root, name, Request(b"x: 1\n", ANYTHING))
        assert two.content(name) == b"x: 1\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_transaction(two: Batch, name: str) -> None:
    """The next save of any of its files settles all of it first, beside a process that lives."""
    with two.keeper() as keeper:
        with stopped_within(two) as stopped:
            stopped.send_signal(signal.SIGKILL)
        keeper.save(two.root, name, Request(b"x: 1\n", ANYTHING))
        assert two.present() == {**two.new, name: b"x: 1\n"}
        assert open_intents(keeper) == 0
    assert two.new[name] in two.contents(name)
    assert two.recover() == []
