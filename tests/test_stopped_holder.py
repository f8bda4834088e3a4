"""A saver that is stopped while it holds the lease (SIGSTOP, a debugger, a paused container): what is then possible.

The kernel lets whoever waits to open the file in after lease-break-time, by force. So nobody waits for ever, and the
price is that a reader can see half of the bytes. The saver notices when it goes on, and says so.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.needs import need
from tests.support.saving import NAME, Bench, bench, open_intents, recorded, save

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = [pytest.mark.root, pytest.mark.slow]

OLD, NEW = b"o" * 4000, b"n" * 6000
HALF = 3000
BREAK_TIME = Path("/proc/sys/fs/lease-break-time")

SAVE = """
import json, os, signal, sys
from pathlib import Path
from confkeep.documents.check import Validate
from confkeep.errors import ConfkeepError
from confkeep.expect import ANYTHING
from confkeep.files import lease
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
state, directory, name, where = sys.argv[1:]
take, pwrite = lease.take, os.pwrite
def stop():
    global stop
    stop = lambda: None
    os.kill(os.getpid(), signal.SIGSTOP)
def stopped_after_the_lease(fd, wait):
    taken = take(fd, wait)
    stop()
    return taken
def stopped_after_half(fd, data, offset):
    written = pwrite(fd, data[:3000], offset)
    stop()
    return written
if where == "before":
    lease.take = stopped_after_the_lease
else:
    os.pwrite = stopped_after_half
with Keeper(Path(state)) as keeper:
    try:
        saved = keeper.save(Root("config", directory), name, Request(b"n" * 6000, ANYTHING, validate=Validate.OFF))
        print(json.dumps({"atomic": saved.guarantees.reader_atomic, "notes": saved.notes}))
    except ConfkeepError as error:
        print(json.dumps({"slug": error.slug, "detail": error.detail}))
"""


@pytest.fixture
def one(disk: Path) -> Bench:
    """A file with OLD in it that is written in place."""
    one = bench(disk / "config", disk / "state", "overwrite")
    with one.keeper() as keeper:
        save(keeper, one, OLD)
    return one


@contextmanager
def break_time(seconds: int) -> Generator[None]:
    """The kernel's lease-break-time, for everybody on this machine: as short as can be."""
    need(os.access(BREAK_TIME, os.W_OK), f"{BREAK_TIME} cannot be written")
    before = BREAK_TIME.read_text("ascii")
    BREAK_TIME.write_text(str(seconds), "ascii")
    try:
        yield
    finally:
        BREAK_TIME.write_text(before, "ascii")


@contextmanager
def stopped(one: Bench, where: str) -> Generator[subprocess.Popen[str]]:
    """A saver that is stopped ``before`` it writes, or ``within``."""
    command = [sys.executable, "-c", SAVE, str(one.state), str(one.directory), NAME, where]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as saver:
        try:
            _, status = os.waitpid(saver.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status), "the save never came so far"
            yield saver
        finally:
            saver.kill()


def goes_on(saver: subprocess.Popen[str]) -> str:
    """What the saver answers after all."""
    saver.send_signal(signal.SIGCONT)
    return saver.communicate()[0]


def must_wait(one: Bench) -> bool:
    """Whether an open has to wait now."""
    try:
        os.close(os.open(one.path, os.O_RDONLY | os.O_NONBLOCK))
    except BlockingIOError:
        return True
    return False


def test_within_the_write(one: Bench) -> None:
    """Readers wait, but no longer than lease-break-time; then they see half of it. The save says that this can be."""
    with break_time(1), stopped(one, "within") as saver:
        assert must_wait(one)
        began = time.monotonic()
        seen = one.path.read_bytes()
        waited = time.monotonic() - began
        assert seen == NEW[:HALF] + OLD[HALF:], "not what the documentation says is possible"
        assert 0.1 < waited < 20, "neither at once nor after the usual 45 s"
        said = goes_on(saver)
    assert '"atomic": false' in said
    assert "its lease ran out" in said
    assert one.path.read_bytes() == NEW


def test_nobody_came(one: Bench) -> None:
    """Nobody opened the file meanwhile: that cannot be known, so the save does not promise it."""
    with break_time(1), stopped(one, "within") as saver:
        time.sleep(0.6)
        said = goes_on(saver)
    assert '"atomic": false' in said
    assert one.path.read_bytes() == NEW


def test_before_the_write(one: Bench) -> None:
    """Too late to begin: not one byte is written, readers see the old content whole, and the answer is "busy"."""
    with break_time(1), stopped(one, "before") as saver:
        assert must_wait(one)
        assert one.path.read_bytes() == OLD
        said = goes_on(saver)
    assert "target-busy" in said
    assert "was stopped" in said
    assert one.path.read_bytes() == OLD
    with one.keeper() as keeper:
        assert open_intents(keeper) == 0


def test_another_writer_came(one: Bench) -> None:
    """Somebody wrote what we then write into: nobody is told that it was saved; both contents are in the history."""
    with break_time(1), stopped(one, "within") as saver:
        with one.path.open("r+b") as theirs:  # waits for the break
            theirs.truncate(0)
            theirs.write(b"t" * 8000)
        said = goes_on(saver)
    assert "io-error" in said
    assert "another program wrote to it" in said
    with one.keeper() as keeper:
        assert {OLD, NEW} <= {content for _, content in recorded(keeper, one)}
        assert all(recovered.settled for recovered in keeper.recover())
        assert open_intents(keeper) == 0
    assert b"t" in one.path.read_bytes(), "recovery wrote over somebody else's bytes"


def test_a_kernel_that_never_breaks_by_force(one: Bench) -> None:
    """lease-break-time 0: readers wait as long as it takes, and then see the new content whole."""
    with break_time(0), stopped(one, "within") as saver:
        assert must_wait(one)
        command = [sys.executable, "-c", "import sys; sys.stdout.write(open(sys.argv[1]).read())", str(one.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as reader:
            with pytest.raises(subprocess.TimeoutExpired):
                reader.wait(1.5)
            said = goes_on(saver)
            seen = reader.communicate()[0]
    assert '"atomic": true' in said
    assert seen == one.path.read_bytes() == NEW


def test_zero_stops_no_save(one: Bench) -> None:
    """Under such a kernel saves are as always."""
    with break_time(0), one.keeper() as keeper:
        for data in (NEW, OLD, NEW):
            assert save(keeper, one, data).guarantees.reader_atomic
