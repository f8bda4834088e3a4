"""confkeep.files.overwrite: writes and flushes that fail, and processes that are stopped in between."""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError, OutOfSpace, TargetBusy
from confkeep.files import lease
from confkeep.files.overwrite import overwrite
from confkeep.files.written import Unsettled
from tests.support.faults import FLUSHES, failing
from tests.support.looking import looking

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.written import Written

OLD, NEW = b"old content\n", b"NEW BYTES, MORE OF THEM\n"


@pytest.fixture
def path(disk: Path) -> Path:
    """A file that holds OLD."""
    path = disk / "a.yaml"
    path.write_bytes(OLD)
    return path


def save(path: Path, new: bytes = NEW) -> Written:
    """Write in place."""
    with looking(path) as target:
        return overwrite(target, OLD, new, lease_wait=0.05)


@pytest.mark.parametrize("new", [NEW, OLD[:-3], OLD[::-1]], ids=["grow", "shrink", "equal"])
def test_a_failing_write_is_put_back(path: Path, new: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk fails after half of the bytes: the old ones are written again, and the error says so."""
    calls = failing(monkeypatch, "pwrite", errno.EIO, {1})
    with pytest.raises(IoError, match="old content is intact"):
        save(path, new)
    assert calls == [1, 2]
    assert path.read_bytes() == OLD


def test_a_disk_that_fills_up_in_between_is_put_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a reservation is no promise (btrfs), ENOSPC can come late: out of space, the old content in place."""
    failing(monkeypatch, "pwrite", errno.ENOSPC, {1})
    with pytest.raises(OutOfSpace):
        save(path)
    assert path.read_bytes() == OLD


def test_a_failing_shrink_is_put_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes were written but the file could not be cut."""
    failing(monkeypatch, "ftruncate", errno.EIO, {1})
    with pytest.raises(IoError, match="old content is intact"):
        save(path, b"new")
    assert path.read_bytes() == OLD


def test_a_short_write_is_continued(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that takes only some of the bytes is no error."""
    pwrite = os.pwrite

    def short(fd: int, data: bytes, offset: int) -> int:
        return pwrite(fd, data[:5], offset)

    monkeypatch.setattr(os, "pwrite", short)
    save(path)
    assert path.read_bytes() == NEW


def test_what_can_neither_be_written_nor_put_back_is_unsettled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is torn, and nobody is told anything else."""
    failing(monkeypatch, "pwrite", errno.EIO, {1, 2})
    with pytest.raises(Unsettled):
        save(path)
    assert path.read_bytes() not in {OLD, NEW}


def test_a_failed_flush_is_written_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare second fsync would answer "ok" for bytes that are not on the disk: all of them are written once more."""
    writes = failing(monkeypatch, "pwrite", errno.EIO, set())
    flushes = failing(monkeypatch, "fsync", errno.EIO, {1})
    save(path)
    assert path.read_bytes() == NEW
    assert (writes, flushes) == ([1, 2], [1, 2])


def test_a_failed_flush_is_put_back_and_flushed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where that fails too, the old bytes are brought back in the same way."""
    writes = failing(monkeypatch, "pwrite", errno.EIO, set())
    flushes = failing(monkeypatch, "fsync", errno.EIO, {1, 2})
    with pytest.raises(IoError, match="old content is intact"):
        save(path)
    assert path.read_bytes() == OLD
    assert (writes, flushes) == ([1, 2, 3], [1, 2, 3])


def test_a_flush_that_keeps_failing_is_unsettled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither old nor new is known to be on the disk."""
    failing(monkeypatch, "fsync", errno.EIO, {1, 2, 3})
    with pytest.raises(Unsettled):
        save(path)


def test_others_bytes_are_not_put_back_over(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody saved between our write and the failed flush: what is not ours is not touched."""

    def flush_fails_after_an_edit(fd: int) -> None:
        path.write_bytes(b"by hand\n")
        raise OSError(errno.EIO, "fsync")

    for call in FLUSHES:
        monkeypatch.setattr(os, call, flush_fails_after_an_edit)
    with pytest.raises(Unsettled):
        save(path)
    assert path.read_bytes() == b"by hand\n"


def test_a_process_that_was_stopped_before_the_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the lease's time is gone (a suspended laptop): too late to begin."""
    monkeypatch.setattr(lease, "_SHORTEST", 0.0)
    monkeypatch.setattr(lease, "break_time", lambda: 0.0)
    with pytest.raises(TargetBusy, match="stopped"):
        save(path)
    assert path.read_bytes() == OLD


def test_a_process_that_was_stopped_during_the_write(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease may have been broken meanwhile: the bytes are read again, and the answer does not promise more."""
    times = itertools.chain([45.0], itertools.repeat(0.0))
    monkeypatch.setattr(lease, "_SHORTEST", 0.0)
    monkeypatch.setattr(lease, "break_time", lambda: next(times))
    written = save(path)
    assert path.read_bytes() == NEW
    assert not written.reader_atomic
    assert "lease ran out" in written.notes[0]


def test_a_write_that_was_overtaken_is_unsettled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease was broken and somebody wrote: neither old nor new, and nobody is told it was saved."""
    times = itertools.chain([45.0], itertools.repeat(0.0))

    release = lease.Lease.release

    def overtaken(held: lease.Lease) -> None:
        release(held)
        path.write_bytes(b"by hand\n")

    monkeypatch.setattr(lease, "_SHORTEST", 0.0)
    monkeypatch.setattr(lease, "break_time", lambda: next(times))
    monkeypatch.setattr(lease.Lease, "release", overtaken)
    with pytest.raises(Unsettled):
        save(path)
    assert path.read_bytes() == b"by hand\n"
