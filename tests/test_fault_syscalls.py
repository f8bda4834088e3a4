"""A save whose system calls fail, or that is killed at one, with the kernel's own answers: strace injects them."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from confkeep.files import leftovers
from tests.support.looking import leftovers_in, opened
from tests.support.saving import NAME, Bench, bench, open_intents, save
from tests.support.users import OTHER

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.root]

SAVE = """
import os, sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from confkeep.errors import ConfkeepError
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
def now(self, call, *arguments):  # in this thread: strace counts the calls of each thread apart
    future = Future()
    try:
        future.set_result(call(*arguments))
    except BaseException as error:
        future.set_exception(error)
    return future
ThreadPoolExecutor.submit = now
state, directory, name, wanted = sys.argv[1:]
real = os.pwrite
os.pwrite = lambda fd, data, offset: real(fd, data[:2500], offset)
with Keeper(Path(state)) as keeper:
    try:
        keeper.save(Root("config", directory), name, Request(Path(wanted).read_bytes(), ANYTHING))
        print("saved", flush=True)
    except ConfkeepError as error:
        print(error, flush=True)
"""
#: The calls that change a file or what others may do with it, and how each can fail.
ERRORS: Final = {
    "openat": ("EACCES", "ENOSPC", "EDQUOT", "EROFS", "EINTR", "EMFILE"),
    "flock": ("ENOLCK", "EINTR"),
    "fcntl": ("EAGAIN", "EACCES", "EINVAL"),
    "fallocate": ("ENOSPC", "EDQUOT", "EIO", "EINTR", "EOPNOTSUPP"),
    "pwrite64": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "ftruncate": ("EIO", "EINTR"),
    "fchown": ("EPERM", "EDQUOT", "EROFS"),
    "fchmod": ("EPERM", "EIO", "EROFS"),
    "fsetxattr": ("ENOSPC", "EDQUOT", "EOPNOTSUPP"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "fdatasync": ("EIO", "ENOSPC", "EDQUOT", "EINTR"),
    "renameat": ("EIO", "EROFS", "EACCES", "ENOSPC"),
    "renameat2": ("EIO", "EROFS", "EACCES", "EINVAL", "EBUSY"),
    "unlinkat": ("EIO", "EROFS", "EACCES"),
}
#: An openat that changes nothing.
_ONLY_READS: Final = re.compile(r"openat\(.*O_(RDONLY|PATH)(?!.*O_CREAT)")
#: What is said where the new content is in place, although something failed after that.
DONE_ALL_THE_SAME: Final = ("its directory could not be flushed", "the save was complete")
#: tests/test_recovery_killed.py kills at these.
KILLED_ELSEWHERE: Final = {"pwrite64", "fsync", "fdatasync", "ftruncate", "fallocate", "renameat", "unlinkat"}
AT_LEAST = 20
#: The kernel tells strace of those calls only; but there no signal can be sent.
FAST: Final = "--seccomp-bpf"
BEFORE, AFTER = b"# " + b"a" * 4000 + b"\n", b"# " + b"b" * 6000 + b"\n"


class Site(NamedTuple):
    """The ``number``-th call of that name in the process."""

    call: str
    number: int


class Case(NamedTuple):
    """A route, and the contents before and after."""

    route: str
    before: bytes
    after: bytes


CASES = {
    "replace": Case("replace", BEFORE, AFTER),
    "overwrite and grow": Case("overwrite", BEFORE, AFTER),
    "overwrite and shrink": Case("overwrite", AFTER, BEFORE),
}


class Traced:
    """One file, saved under strace."""

    def __init__(self, strace: str, directory: Path, case: Case) -> None:
        self.strace = strace
        self.case = case
        self.log = directory / "calls"
        self.wanted = directory / "wanted"
        self.wanted.write_bytes(case.after)
        self.one: Bench = bench(directory / "config", directory / "state", case.route)
        os.chown(self.one.path, OTHER, OTHER)
        os.setxattr(self.one.path, "user.comment", b"kept")
        self.names = self.one.names()

        with self.one.keeper() as keeper:
            save(keeper, self.one, case.before)
        shutil.copytree(self.one.state, directory / "kept-state")

    def begin(self) -> None:
        """The old content is in place, and the state is the same to the byte: so are the calls that a save makes."""
        self.one.path.write_bytes(self.case.before)
        shutil.rmtree(self.one.state)
        shutil.copytree(self.one.state.with_name("kept-state"), self.one.state)

    def save(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Save the new content."""
        command = [self.strace, "-f", "-qq", "-y", "-e", f"trace={','.join(ERRORS)}", "-o", os.fspath(self.log)]
        command += [*options, sys.executable, "-c", SAVE]
        command += map(str, (self.one.state, self.one.directory, NAME, self.wanted))
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def sites(self) -> list[Site]:
        """The calls of a save that concern the file or its directory."""
        for _ in range(2):  # the first may compile
            self.begin()
            assert self.save(FAST).stdout == "saved\n"
        counts: Counter[str] = Counter()
        found: list[Site] = []
        for line in self.log.read_text().splitlines():
            call = line.split(maxsplit=1)[1].partition("(")[0]
            counts[call] += 1
            if os.fspath(self.one.directory) in line and not _ONLY_READS.search(line):
                found.append(Site(call, counts[call]))
        return found

    def hit(self) -> bool:
        """Whether what was injected came to our file."""
        lines = [line for line in self.log.read_text().splitlines() if "(INJECTED)" in line]
        return len(lines) == 1 and os.fspath(self.one.directory) in lines[0]

    def recovered(self) -> str:
        """The next process makes it whole, and a sweep removes the rest: old or new."""
        with self.one.keeper() as keeper:
            assert all(recovered.settled for recovered in keeper.recover())
            assert open_intents(keeper) == 0
        with opened(self.one.directory, os.O_RDONLY) as directory:
            leftovers.sweep(directory)
        assert self.one.names() == self.names
        present = self.one.path.read_bytes()
        assert present in {self.case.before, self.case.after}
        found = self.one.path.stat()
        assert (found.st_uid, found.st_gid) == (OTHER, OTHER)
        assert os.getxattr(self.one.path, "user.comment") == b"kept"
        return "new" if present == self.case.after else "old"


@pytest.fixture(params=CASES.values(), ids=list(CASES))
def traced(request: pytest.FixtureRequest, disk: Path, strace: str) -> Traced:
    """One for each case."""
    return Traced(strace, disk, request.param)


def test_killed_at_every_call(traced: Traced) -> None:
    """Killed by -9 on entry to each call that prepares or publishes: old or new, and nothing else."""
    found: Counter[str] = Counter()
    for site in (site for site in traced.sites() if site.call not in KILLED_ELSEWHERE):
        traced.begin()
        done = traced.save("-e", f"inject={site.call}:signal=KILL:when={site.number}")
        assert done.returncode == -9, f"not killed at {site}"
        found[traced.recovered()] += 1
    logging.getLogger(__name__).info("%s: %s", traced.case.route, dict(found))
    assert found["old"] >= 3


def test_every_call_fails(traced: Traced) -> None:
    """Each call fails in each of its ways: what is said of the file is true, and nothing is left beside it."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    sites = traced.sites()
    for site, error in [(each, error) for each in sites for error in ERRORS[each.call]]:
        traced.begin()
        done = traced.save(FAST, "-e", f"inject={site.call}:error={error}:when={site.number}")
        said, present = done.stdout.strip(), traced.one.path.read_bytes()
        what = f"{site} {error}: {said or done.stderr}"
        assert traced.hit(), what
        if done.returncode or not said:
            wrong.append(f"ended badly: {what}")
        elif said == "saved" and present != traced.case.after:
            wrong.append(f"not saved: {what}")
        elif present != traced.case.before and not any(words in said for words in ("saved", *DONE_ALL_THE_SAME)):
            wrong.append(f"not as it was: {what}")
        if site.call != "unlinkat" and leftovers_in(traced.one.directory):
            wrong.append(f"left over: {what}")
        found[traced.recovered()] += 1
    tried = len(sites), found.total()
    logging.getLogger(__name__).info("%s: %d sites, %d errors, %s", traced.case.route, *tried, dict(found))
    assert wrong == [], "\n".join(wrong)
    assert found.total() >= AT_LEAST
