"""confkeep.files.lease: from any thread, beside an event loop, and without a trace in the process's signals."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import TargetBusy
from confkeep.files import lease
from confkeep.files.overwrite import overwrite
from confkeep.files.root import OnBusy
from tests.support.looking import looking, opened
from tests.support.saving import OLD, bench, save

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.written import Written
    from tests.support.saving import Bench


@pytest.fixture
def one(disk: Path) -> Bench:
    """A file that is written in place."""
    return bench(disk / "config", disk / "state", "overwrite")


def all_handlers() -> dict[int, object]:
    """What this process does about each signal."""
    return {number: signal.getsignal(number) for number in signal.valid_signals()}


def write(path: Path, data: bytes) -> Written:
    """Write in place what makes the lease be broken: somebody waits to open the file."""
    with looking(path) as target:
        return overwrite(target, path.read_bytes(), data, lease_wait=10)


def test_no_signal_handler(one: Bench) -> None:
    """Not one is installed, in the process or in the thread's mask, by saves whose leases others break."""
    before, mask = all_handlers(), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    reads: set[bytes] = set()
    end = threading.Event()

    def read() -> None:
        while not end.is_set():
            reads.add(one.path.read_bytes())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    contents = [bytes([65 + number]) * 20_000 for number in range(20)]
    try:
        written = [write(one.path, data) for data in contents]
    finally:
        end.set()
        for reader in readers:
            reader.join()
    assert all_handlers() == before
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == mask
    assert all(each.reader_atomic for each in written)
    assert reads <= {OLD, *contents}


def test_a_break_does_not_disturb_a_program_that_waits(one: Bench) -> None:
    """The signal of a broken lease interrupts nobody: a pipe that the main thread reads from just goes on."""
    readable, writable = os.pipe()
    with opened(one.path, os.O_RDWR) as fd:
        taken = lease.take(fd, 0)
        assert isinstance(taken, lease.Lease)
        waits = threading.Thread(target=one.path.read_bytes)
        waits.start()

        def end() -> None:
            while fcntl.fcntl(fd, fcntl.F_GETLEASE) == fcntl.F_WRLCK:  # until the break has begun
                pass
            os.write(writable, b"x")

        ends = threading.Thread(target=end)
        ends.start()
        assert os.read(readable, 1) == b"x"
        taken.release()
        ends.join()
        waits.join()
    os.close(readable)
    os.close(writable)


def test_from_many_threads(one: Bench) -> None:
    """Each of eight threads writes a file of its own under a lease."""
    results: dict[int, Written] = {}

    def work(number: int) -> None:
        path = one.directory / f"{number}.yaml"
        path.write_bytes(b"x")
        for turn in range(10):
            results[number] = write(path, b"%d" % turn * 1000)

    threads = [threading.Thread(target=work, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(written.reader_atomic for written in results.values())


def test_under_asyncio(one: Bench) -> None:
    """``asyncio.to_thread``: the loop goes on while a save waits for its lease; a reader of its own leaves."""

    async def main() -> tuple[Written, int]:
        turns = 0
        with one.path.open("rb"):
            saving = asyncio.create_task(asyncio.to_thread(write, one.path, b"by a thread\n" * 1000))
            while turns < 20:
                await asyncio.sleep(0.001)
                turns += 1
            assert not saving.done()
        return await saving, turns

    written, turns = asyncio.run(main())
    assert written.reader_atomic
    assert turns == 20
    assert one.path.read_bytes() == b"by a thread\n" * 1000


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.parametrize("on_busy", OnBusy)
def test_a_filesystem_without_leases(one: Bench, monkeypatch: pytest.MonkeyPatch, code: int, on_busy: OnBusy) -> None:
    """Not an error: written and told, or refused, as ``on_busy`` says; there is no waiting for what never comes."""
    real = fcntl.fcntl

    def without_leases(fd: int, command: int, argument: int = 0) -> int:
        if command == fcntl.F_SETLEASE:
            raise OSError(code, os.strerror(code))
        return real(fd, command, argument)

    monkeypatch.setattr(fcntl, "fcntl", without_leases)
    with looking(one.path) as target:
        if on_busy is OnBusy.REFUSE:
            with pytest.raises(TargetBusy, match="no write leases"):
                overwrite(target, OLD, b"new\n", on_busy=on_busy, lease_wait=3600)
            assert one.path.read_bytes() == OLD
        else:
            written = overwrite(target, OLD, b"new\n", on_busy=on_busy, lease_wait=3600)
            assert (written.reader_atomic, written.compare_and_swap) == (False, False)
            assert "no write leases" in written.notes[0]
            assert one.path.read_bytes() == b"new\n"


@pytest.mark.parametrize("lease_wait", [0.0, 60.0])
def test_the_deadline_is_the_roots(disk: Path, lease_wait: float) -> None:
    """A reader leaves after a while: a root that waits so long has its lease, one that does not writes without."""
    one = bench(disk / "config", disk / "state", "overwrite", lease_wait=lease_wait)
    reader = os.open(one.path, os.O_RDONLY)
    leaves = threading.Timer(0.3, os.close, [reader])
    with one.keeper() as keeper:
        leaves.start()
        saved = save(keeper, one)
    leaves.join()
    assert saved.guarantees.reader_atomic is (lease_wait > 0)
