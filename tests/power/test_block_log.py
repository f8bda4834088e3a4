"""The disks that log: flushes arrive, power cuts lose what they may and nothing else, and failures fail."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.blockdisks import Disks
from tests.support.blocklog import SECTOR, Cut, Entry, Fault, Flushed, Loss, Lost, Mark, Wrote, after, marks, positions

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

A, B, C = (letter * SECTOR for letter in (b"a", b"b", b"c"))
LOG: list[Entry] = [Wrote(0, 0, A), Flushed(0), Wrote(0, 0, B), Wrote(1, SECTOR, C), Mark("seen"), Flushed(1)]


def test_a_prefix_holds_what_was_written_before() -> None:
    """A plain prefix: the last bytes of each sector before the cut, on each disk."""
    assert after(Cut(2), LOG, [{}, {}]) == [{0: A}, {}]
    assert after(Cut(4), LOG, [{}, {7: A}]) == [{0: B}, {1: C, 7: A}]


def test_only_what_is_not_flushed_is_lost() -> None:
    """Losing everything goes back to the last flush of that disk, and only of the disks that lose."""
    assert after(Cut(5, Loss.ALL), LOG, [{}, {}]) == [{0: A}, {}]
    assert after(Cut(6, Loss.ALL), LOG, [{}, {}]) == [{0: A}, {1: C}]
    assert after(Cut(5, Loss.ALL, disks=frozenset({0})), LOG, [{}, {}]) == [{0: A}, {1: C}]


def test_half_of_the_writes_or_sectors_is_lost() -> None:
    """Writes are lost whole or sector by sector, the same ones for the same seed."""
    log: list[Entry] = [Wrote(0, at * 8 * SECTOR, A * 8) for at in range(50)]
    writes, sectors = (after(Cut(50, loss, seed=3), log, [{}])[0] for loss in (Loss.WRITES, Loss.SECTORS))
    assert len({number // 8 for number in writes}) * 8 == len(writes)
    assert len({number // 8 for number in sectors}) * 8 > len(sectors)
    assert all(0 < len(image) < 400 for image in (writes, sectors))
    assert after(Cut(50, Loss.SECTORS, seed=3), log, [{}])[0] == sectors


def test_what_a_failed_flush_lost_stays_lost() -> None:
    """A later flush does not bring it back."""
    log: list[Entry] = [Wrote(0, 0, A), Lost(0), Wrote(0, SECTOR, B), Flushed(0)]
    assert after(Cut(4), log, [{}]) == [{1: B}]


def test_positions_are_before_flushes_and_after_marks() -> None:
    """The edges always, others as far as wanted, each once."""
    assert positions(LOG, 0, 1) == [1, 5]
    assert positions(LOG, 4, 1)[-1] <= len(LOG)
    assert len(positions(LOG, 4, 1)) == 4
    assert positions(LOG, 100, 1) == list(range(len(LOG) + 1))
    assert marks(LOG) == ["seen"]


@pytest.fixture(params=["ext4", "xfs", "btrfs"])
def mounted(request: pytest.FixtureRequest, disks: Path) -> Generator[Disks]:
    """One disk with a filesystem, mounted; its log begins with what the mount wrote."""
    made = Disks([request.param], disks)
    try:
        with made.mounted():
            yield made
    finally:
        made.close()


def write(disks: Disks, data: bytes, *, flush: bool) -> Path:
    """Write the file ``a`` on the disk."""
    path = disks.points[0] / "a"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC)
    try:
        os.write(fd, data)
        disks.mark("written")
        if flush:
            os.fsync(fd)
    finally:
        os.close(fd)
    disks.mark("done")
    return path


def written(log: list[Entry]) -> bytes:
    """All that reached the disk, one after the other."""
    return b"".join(entry.data for entry in log if isinstance(entry, Wrote))


def test_an_fsync_arrives_as_a_flush_after_the_data(mounted: Disks) -> None:
    """Between fsync(2) and its return the log has the data, then a flush, and nothing un-flushed after it."""
    write(mounted, A + B, flush=True)
    log = mounted.take_log()
    during = log[log.index(Mark("written")) : log.index(Mark("done"))]
    assert A + B in written(during)
    assert during[-1] == Flushed(0)  # also what was written with FUA: the loop device has no other way


def test_without_an_fsync_nothing_arrives(mounted: Disks) -> None:
    """What only the page cache holds is not on the disk."""
    write(mounted, A + B, flush=False)
    log = mounted.take_log()
    assert A not in written(log)


def test_a_power_cut_keeps_what_was_flushed(mounted: Disks) -> None:
    """The disk as of the end of an fsync, with everything else lost, has the file; as of its beginning, nothing."""
    path = write(mounted, A + B, flush=True)
    log = mounted.take_log()
    mounted.unmount()
    for position, there in ((log.index(Mark("done")), True), (log.index(Mark("written")), False)):
        mounted.load(after(Cut(position, Loss.ALL), log, [{}]))
        mounted.mount()
        assert path.exists() is there
        assert not there or path.read_bytes() == A + B
        mounted.unmount()


@pytest.mark.parametrize("kind", ["flush", "write"])
def test_it_fails_when_told_to(mounted: Disks, kind: str) -> None:
    """A failing flush or write makes fsync fail, and what it was to bring to the disk is not there."""
    before = mounted.take_log()
    mounted.fail(0, Fault("flush" if kind == "flush" else "write", count=1 << 30))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write(mounted, A + B, flush=True)
    log = mounted.take_log()
    assert Flushed(0) not in log
    assert after(Cut(len(before + log), Loss.ALL), before + log, [{}]) == after(
        Cut(len(before), Loss.ALL), before, [{}]
    )
