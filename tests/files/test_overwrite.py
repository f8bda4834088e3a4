"""confkeep.files.overwrite: new bytes into the same inode, under a write lease."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import OutOfSpace, TargetBusy
from confkeep.files import lease, syscalls
from confkeep.files.overwrite import overwrite
from confkeep.files.root import OnBusy
from confkeep.files.target import Changed
from tests.support.faults import raising
from tests.support.layouts import LAYOUTS
from tests.support.looking import looking, opened
from tests.support.mounting import FILESYSTEMS, fill
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from confkeep.files.written import Written
    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.layouts import Ground

OLD, NEW = b"old content\n", b"NEW BYTES, MORE OF THEM\n"


@pytest.fixture
def path(disk: Path) -> Path:
    """A file that holds OLD."""
    path = disk / "a.yaml"
    path.write_bytes(OLD)
    return path


def save(
    path: Path, new: bytes = NEW, old: bytes = OLD, *, on_busy: OnBusy = OnBusy.WRITE, lease_wait: float = 0.05
) -> Written:
    """Write in place."""
    with looking(path) as target:
        return overwrite(target, old, new, on_busy=on_busy, lease_wait=lease_wait)


@pytest.mark.parametrize("name", FILESYSTEMS)
@pytest.mark.parametrize(
    ("old", "new"),
    [(OLD, NEW), (NEW, OLD), (OLD, OLD[::-1]), (b"", NEW), (NEW, b""), (b"x" * 300_000, b"y"), (b"x", b"y" * 300_000)],
    ids=["grow", "shrink", "equal", "from nothing", "to nothing", "shrink much", "grow much"],
)
def test_new_bytes_in_the_same_inode(filesystem: Filesystem, name: str, old: bytes, new: bytes) -> None:
    """Whatever the sizes: the bytes are exactly the new ones, inode, links and mode are kept, all guarantees hold."""
    path = filesystem(name) / "a.yaml"
    path.write_bytes(old)
    path.chmod(0o640)
    before = path.stat()
    written = save(path, new, old)
    after = path.stat()
    assert path.read_bytes() == new
    assert (after.st_ino, after.st_mode, after.st_uid) == (before.st_ino, before.st_mode, before.st_uid)
    assert written.reader_atomic
    assert written.compare_and_swap
    assert written.metadata_kept
    assert written.notes == ()


@pytest.mark.parametrize("layout", [layout for layout, mounted in LAYOUTS.items() if mounted])
def test_both_sides_of_a_mount_read_the_new_bytes(ground: Ground, layout: Callable[[Ground], Path]) -> None:
    """The file behind the mount is the same inode, so the host reads what the container saved."""
    path = layout(ground)
    with path.open("rb") as same:
        inode = os.fstat(same.fileno()).st_ino
        old = same.read()
    save(path, NEW, old)
    assert path.stat().st_ino == inode
    below = [file for side in (ground.host, ground.elsewhere) for file in side.iterdir() if file.stat().st_ino == inode]
    assert below
    assert all(file.read_bytes() == NEW for file in below)


def test_hard_links_stay_together(path: Path) -> None:
    """The other name reads the new bytes as well."""
    (path.parent / "b").hardlink_to(path)
    save(path)
    assert (path.parent / "b").read_bytes() == NEW


def test_other_content_is_not_overwritten(path: Path) -> None:
    """Bytes that are not those that were compared: Changed, and they stay."""
    path.write_bytes(b"by hand\n")
    with pytest.raises(Changed):
        save(path)
    assert path.read_bytes() == b"by hand\n"


def test_the_compare_is_under_the_lease(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another program saves up to the very moment of the lease is seen."""
    take = lease.take

    def after_an_edit(fd: int, wait: float) -> lease.Lease | lease.NoLease:
        path.write_bytes(b"by hand, at the last moment\n")
        return take(fd, wait)

    monkeypatch.setattr(lease, "take", after_an_edit)
    with pytest.raises(Changed):
        save(path)
    assert path.read_bytes() == b"by hand, at the last moment\n"


def test_another_file_is_not_overwritten(path: Path) -> None:
    """A file that was put in its place, even with the same bytes: neither of the two is written."""
    kept = path.parent / "kept"
    kept.hardlink_to(path)
    with looking(path) as target:
        (path.parent / "b").write_bytes(OLD)
        (path.parent / "b").rename(path)
        with pytest.raises(Changed):
            overwrite(target, OLD, NEW)
    assert (kept.read_bytes(), path.read_bytes()) == (OLD, OLD)


def test_a_file_that_is_renamed_away_under_the_lease(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lease does not hold rename back: the name is looked at again once it is held."""
    take = lease.take

    def after_a_rename(fd: int, wait: float) -> lease.Lease | lease.NoLease:
        path.rename(path.parent / "backup")
        path.write_bytes(b"by an editor\n")
        return take(fd, wait)

    monkeypatch.setattr(lease, "take", after_a_rename)
    with pytest.raises(Changed):
        save(path)
    assert (path.read_bytes(), (path.parent / "backup").read_bytes()) == (b"by an editor\n", OLD)


def test_the_wait_for_the_lease_is_measured(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first try, over all turns, until the reader is gone."""
    take, tries = lease.take, list[float]()
    reader = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    leaves = threading.Timer(0.05, os.close, [reader])

    def try_it(fd: int, wait: float) -> lease.Lease | lease.NoLease:
        if not tries:
            leaves.start()
        tries.append(wait)
        return take(fd, wait)

    monkeypatch.setattr(lease, "take", try_it)
    written = save(path, lease_wait=30)
    leaves.join()
    assert written.reader_atomic
    assert len(tries) > 1
    assert written.waited >= leaves.interval


def test_no_wait_where_there_was_no_lease(path: Path) -> None:
    """It was tried for, and then written without."""
    with opened(path, os.O_RDONLY):
        written = save(path)
    assert (written.reader_atomic, written.waited) == (False, 0.0)


def test_a_reader_that_stays_makes_it_busy(path: Path) -> None:
    """Somebody keeps the file open, and the caller would rather not write: nothing was written."""
    with opened(path, os.O_RDONLY), pytest.raises(TargetBusy) as caught:
        save(path, on_busy=OnBusy.REFUSE)
    assert path.read_bytes() == OLD
    assert "others keep the file open" in caught.value.detail
    assert caught.value.members["on_busy"] == "refuse"


@pytest.mark.parametrize("new", [bytes(1 << 20), OLD[:-3]], ids=["grow", "shrink"])
def test_a_refused_save_leaves_no_trace(path: Path, new: bytes) -> None:
    """Neither the file's times nor the room it takes tell that a save was refused."""
    before = path.stat()
    with opened(path, os.O_RDONLY), pytest.raises(TargetBusy):
        save(path, new, on_busy=OnBusy.REFUSE)
    after = path.stat()
    assert (after.st_blocks, after.st_mtime_ns) == (before.st_blocks, before.st_mtime_ns)


def test_a_reader_that_stays_is_written_under(path: Path) -> None:
    """The default: the save is done, and the answer says what it could not promise, and why."""
    with opened(path, os.O_RDONLY):
        written = save(path)
    assert path.read_bytes() == NEW
    assert not written.reader_atomic
    assert not written.compare_and_swap
    assert "others keep the file open" in written.notes[0]


def test_without_a_lease_other_content_is_still_not_overwritten(path: Path) -> None:
    """The compare is made in any case."""
    with opened(path, os.O_RDONLY):
        path.write_bytes(b"by hand\n")
        with pytest.raises(Changed):
            save(path)
    assert path.read_bytes() == b"by hand\n"


def test_not_the_owner_has_no_lease(public: Path, as_user: AsUser) -> None:
    """A user who may write another's file saves without a lease, and is told."""
    path = public / "a.yaml"
    path.write_bytes(OLD)
    path.chmod(0o666)
    os.chown(path, OTHER, OTHER)
    with pytest.raises(TargetBusy):
        as_user(STRANGER, lambda: save(path, on_busy=OnBusy.REFUSE))
    written = as_user(STRANGER, lambda: save(path))
    assert path.read_bytes() == NEW
    assert not written.reader_atomic
    assert "only the file's owner" in written.notes[0]
    assert as_user(OTHER, lambda: save(path, OLD, NEW)).reader_atomic


@contextmanager
def foreign_lease(path: Path) -> Generator[None]:
    """Another writer holds a lease and does not let go."""
    with opened(path, os.O_RDWR) as fd:
        held = lease.take(fd, 1)
        assert isinstance(held, lease.Lease)
        yield
        held.release()


@pytest.mark.parametrize("on_busy", OnBusy)
def test_somebody_elses_lease_is_busy(path: Path, on_busy: OnBusy) -> None:
    """A file on which another program holds a lease cannot even be opened; we wait no longer than we said."""
    with foreign_lease(path), pytest.raises(TargetBusy, match="holds a lease"):
        save(path, on_busy=on_busy)
    assert path.read_bytes() == OLD


def test_a_full_disk_keeps_the_old_content(small: Small) -> None:
    """Growing fails before the first byte; blocks and times are as they were, nothing stays reserved."""
    directory = small("ext4", 16)
    path = directory / "a.yaml"
    path.write_bytes(OLD)
    fill(directory, leave=1 << 16)
    before, free = path.stat(), os.statvfs(directory).f_bfree
    with pytest.raises(OutOfSpace, match="old content is intact"):
        save(path, bytes(1 << 20))
    after = path.stat()
    assert path.read_bytes() == OLD
    assert (after.st_blocks, after.st_size, after.st_mtime_ns) == (before.st_blocks, before.st_size, before.st_mtime_ns)
    assert os.statvfs(directory).f_bfree == free


@pytest.mark.parametrize(("name", "megabytes"), [("ext4", 16), ("xfs", 320), ("btrfs", 128)])
def test_a_full_disk_on_each_filesystem(small: Small, name: str, megabytes: int) -> None:
    """The old content survives; a save that needs no more room still works (btrfs, copy-on-write, may say no)."""
    directory = small(name, megabytes)
    path = directory / "a.yaml"
    path.write_bytes(OLD)
    os.sync()
    fill(directory)
    with pytest.raises(OutOfSpace):
        save(path, os.urandom(4 << 20))
    assert path.read_bytes() == OLD
    if name != "btrfs":
        save(path, OLD[::-1])
        assert path.read_bytes() == OLD[::-1]


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_filesystem_without_reservations(path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """FUSE and NFS have none: the save is done without."""
    monkeypatch.setattr(syscalls, "reserve", raising(code))
    save(path)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_setuid_and_setgid_are_kept(public: Path, as_user: AsUser, mode: int) -> None:
    """Writing clears them; they are part of the metadata that is kept."""
    path = public / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, STRANGER, STRANGER)
    path.chmod(mode)
    assert as_user(STRANGER, lambda: save(path)).metadata_kept
    assert path.stat().st_mode & 0o7777 == mode


def test_a_lost_setuid_is_told(public: Path, as_user: AsUser) -> None:
    """Only the owner can set it again: another writer's answer says that it is gone."""
    path = public / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, OTHER, OTHER)
    path.chmod(0o4777)
    written = as_user(STRANGER, lambda: save(path))
    assert path.stat().st_mode & 0o7777 == 0o777
    assert not written.metadata_kept
    assert "setuid" in written.notes[-1]


READ_UNTIL_STOPPED = """
import sys, time
path, seen, torn = sys.argv[1], 0, 0
print("reading", flush=True)
while True:
    with open(path, "rb") as file:
        data = file.read()
    if data == b"stop\\n":
        break
    seen += 1
    head, _, rest = data.partition(b" ")
    torn += not (head.isdigit() and len(data) == int(head) and rest.count(rest[:1]) == len(rest))
    time.sleep(0.001)
print(seen, torn)
"""


def document(number: int) -> bytes:
    """Content that tells when it is not whole: its length, then one and the same letter."""
    length = 20 + number * 7919 % 100_000
    return b"%d " % length + bytes([97 + number % 26]) * (length - len(b"%d " % length))


@pytest.mark.parametrize("name", ["ext4", "overlay"])
def test_readers_never_see_a_torn_file(filesystem: Filesystem, name: str) -> None:
    """Two readers that open, read and close beside 300 saves of changing size see whole files only."""
    path = filesystem(name) / "a.yaml"
    old = document(0)
    path.write_bytes(old)
    command = [sys.executable, "-c", READ_UNTIL_STOPPED, os.fspath(path)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "reading\n"
    for number in range(1, 301):
        new = document(number)
        written = save(path, new, old, lease_wait=10)
        assert written.reader_atomic
        old = new
    save(path, b"stop\n", old, lease_wait=10)
    results = [reader.communicate()[0].split() for reader in readers]
    assert [torn for _, torn in results] == ["0", "0"]
    assert all(int(seen) > 0 for seen, _ in results)
