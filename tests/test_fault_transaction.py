"""A save of two files whose system calls fail, or that is killed at one: strace injects the kernel's own answers."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from tests.support.batches import MODE, TWO, Batch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.root]

SAVE: Final = """
import encodings.ascii, os, sys  # the former is imported when first needed
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from confkeep.errors import ConfkeepError
from tests.support.batches import Batch, TWO
def now(self, call, *arguments):  # in this thread: strace counts the calls of each thread apart
    future = Future()
    try:
        future.set_result(call(*arguments))
    except BaseException as error:
        future.set_exception(error)
    return future
ThreadPoolExecutor.submit = now
real = os.pwrite
os.pwrite = lambda fd, data, offset: real(fd, data[:5] if len(data) < 1000 else data, offset)  # longer is the history
batch = Batch(Path(sys.argv[1]), Path(sys.argv[2]), TWO)
with batch.keeper() as keeper:
    try:
        os.rmdir("/begins")
    except OSError:
        pass
    try:
        batch.save(keeper)
        said = "saved"
    except ConfkeepError as error:
        said = f"{type(error).__name__}: {error}"
    os.write(1, said.encode())
    try:
        os.rmdir("/ends")
    except OSError:
        pass
"""
#: What changes a file, what others may do with it, or the history, and what looks at it.
CHANGING: Final = [
    *("openat", "fcntl", "flock", "fallocate", "pwrite64", "ftruncate", "fchown", "fchmod", "fsetxattr"),
    *("fsync", "fdatasync", "renameat", "renameat2", "unlinkat"),
]
LOOKING: Final = ["pread64", "statx", "newfstatat", "flistxattr"]
ERRORS: Final = ("EIO", "ENOSPC", "EDQUOT", "EROFS", "EBUSY", "EINTR")
#: EINTR for ever is an endless loop: Python begins such a call again (PEP 475).
LASTING: Final = 12
#: The kernel tells strace of those calls only; but there no signal can be sent.
FAST: Final = "--seccomp-bpf"
AT_LEAST: Final = 40
#: Each with files of its own.
WORKERS: Final = 2
#: No test takes so long that a slow machine takes it for one that hangs.
PARTS: Final = 8


class Site(NamedTuple):
    """The ``number``-th call of that name in the process."""

    call: str
    number: int


class Traced:
    """Two files, saved under strace."""

    def __init__(self, strace: str, directory: Path) -> None:
        self.strace = strace
        self.log = directory / "calls"
        self.batch = Batch(directory / "config", directory / "state", dict(TWO))
        self.kept = directory / "kept-state"
        self.batch.keeper().close()
        shutil.copytree(self.batch.state, self.kept)

    def save(self, *options: str) -> tuple[int, str]:
        """The old contents are in place, and the state is the same to the byte; how a save ends."""
        self.batch.begin()
        shutil.rmtree(self.batch.state)
        shutil.copytree(self.kept, self.batch.state)
        command = [self.strace, "-f", "-qq", "-e", f"trace={','.join([*CHANGING, *LOOKING, 'rmdir'])}"]
        command += ["-o", os.fspath(self.log), *options, sys.executable, "-c", SAVE]
        command += map(str, (self.batch.directory, self.batch.state))
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode in {0, -9}, done.stderr
        return done.returncode, done.stdout

    def sites(self) -> list[Site]:
        """The calls of a transaction, from its begin to its answer."""
        for _ in range(2):  # the first may compile
            assert self.save(FAST) == (0, "saved")
        counts: Counter[str] = Counter()
        found: list[Site] = []
        within = False
        first = self.log.read_text().split(maxsplit=1)[0]
        for line in self.log.read_text().splitlines():
            thread, rest = line.split(maxsplit=1)
            call = rest.partition("(")[0]
            if thread != first or not rest[0].isalpha():
                continue
            counts[call] += 1
            if call == "rmdir":
                within = "/begins" in rest
            elif within:
                found.append(Site(call, counts[call]))
        assert len(found) >= AT_LEAST, found
        return found

    def recovered(self) -> tuple[str, list[str]]:
        """The next process recovers: all old or all new. Which, and what is wrong."""
        wrong = self.batch.recover()
        present = self.batch.present()
        if self.batch.modes() != {MODE}:
            wrong.append(f"other attributes: {self.batch.modes()}")
        which = "new" if present == self.batch.new else "old" if present == self.batch.old else "mixed"
        return which, [*wrong, *([f"mixed: {present}"] if which == "mixed" else [])]


@pytest.fixture
def traced(disk: Path, strace: str) -> Traced:
    """Two files, one by each route."""
    return Traced(strace, disk)


def test_killed_at_every_call(traced: Traced) -> None:
    """Killed by -9 on entry to each call: both old or both new; what was answered is done."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for site in traced.sites():
        code, said = traced.save("-e", f"inject={site.call}:signal=KILL:when={site.number}")
        assert code == -9, f"not killed at {site}"
        which, bad = traced.recovered()
        found[which] += 1
        wrong += [f"{site}: {each}" for each in bad]
        if said == "saved" and which != "new":
            wrong.append(f"{site}: answered, and not done")
    logging.getLogger(__name__).info("killed: %s", dict(found))
    assert wrong == [], "\n".join(wrong)
    assert found["old"] > 0
    assert found["new"] > 0


def faults(sites: list[Site]) -> Iterator[tuple[str, str]]:
    """Each call with each error once, and from then on with errors that take turns; a look fails in one of its ways."""
    turns = itertools.cycle(ERRORS)
    for site in sites:
        for error in ERRORS if site.call in CHANGING else [next(turns)]:
            yield f"{site.call}:error={error}:when={site.number}", error
        lasting = next(turns)
        last = f"..{site.number + LASTING}" if lasting == "EINTR" else "+"
        yield f"{site.call}:error={lasting}:when={site.number}{last}", lasting


@pytest.mark.crash
@pytest.mark.parametrize("part", range(PARTS))
def test_every_call_fails(disk: Path, strace: str, part: int) -> None:
    """Once and from then on: both old or both new, and what was said to have failed is not done by the next start."""
    places = [disk / str(number) for number in range(WORKERS)]
    for place in places:
        place.mkdir()

    def share(worker: int) -> tuple[Counter[str], list[str]]:
        return failing(Traced(strace, places[worker]), part * WORKERS + worker)

    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(share, range(WORKERS)))
    found = sum((part[0] for part in parts), Counter[str]())
    wrong = [each for part in parts for each in part[1]]
    logging.getLogger(__name__).info("failing: %d faults, %s", found.total(), dict(found))
    assert wrong == [], "\n".join(wrong)


def failing(traced: Traced, share: int) -> tuple[Counter[str], list[str]]:
    """One share of the faults: how the saves ended, and what is wrong."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for what, _ in itertools.islice(faults(traced.sites()), share, None, PARTS * WORKERS):
        _, said = traced.save(FAST, "-e", f"inject={what}")
        now = traced.batch.present()
        assert "(INJECTED)" in traced.log.read_text(), what
        which, bad = traced.recovered()
        found[f"{said.partition(':')[0]}, {which}"] += 1
        wrong += [f"{what}: {said}: {each}" for each in bad]
        if said == "saved" and which != "new":
            wrong.append(f"{what}: answered, and not done")
        if said != "saved" and which == "new" and (now == traced.batch.old or tells(said)):
            wrong.append(f"{what}: failed, and then done: {said}")
    return found, wrong


def tells(said: str) -> bool:
    """Whether somebody was told what became of the files."""
    return "could not be put back" not in said
