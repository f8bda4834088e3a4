"""confkeep.files.lease: while it is held, nobody else has the file open."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.files import lease
from tests.support.looking import opened
from tests.support.mounting import FILESYSTEMS
from tests.support.needs import need
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser, Filesystem
    from tests.support.layouts import Ground


@pytest.fixture
def path(disk: Path) -> Path:
    """A file."""
    path = disk / "a.yaml"
    path.write_text("x")
    return path


def held(path: Path, wait: float = 0.0) -> bool:
    """Whether a lease is to be had (it is given back)."""
    with opened(path, os.O_RDWR) as fd:
        return isinstance(lease.take(fd, wait), lease.Lease)


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_nobody_else_can_open_it(filesystem: Filesystem, name: str) -> None:
    """While it is held every other open would wait, reading and writing alike; afterwards none."""
    path = filesystem(name) / "a.yaml"
    path.touch()
    with opened(path, os.O_RDWR) as fd:
        taken = lease.take(fd, 0)
        assert isinstance(taken, lease.Lease)
        for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR | os.O_TRUNC):
            with pytest.raises(BlockingIOError):
                os.open(path, flags | os.O_NONBLOCK)
        taken.release()
        with opened(path, os.O_RDONLY | os.O_NONBLOCK):
            pass


def test_it_holds_through_a_mount(ground: Ground) -> None:
    """It is a property of the inode: who comes through another mount waits as well."""
    source = ground.source()
    mounted = ground.mounts.bind(source, ground.inside / "a.yaml")
    with opened(mounted, os.O_RDWR) as fd:
        assert isinstance(lease.take(fd, 0), lease.Lease)
        with pytest.raises(BlockingIOError):
            os.open(source, os.O_RDONLY | os.O_NONBLOCK)


def test_whoever_waits_gets_in_afterwards(path: Path) -> None:
    """An open that waits reads what was written under the lease, and the signal of the break kills nobody."""
    read: list[str] = []
    with opened(path, os.O_RDWR) as fd:
        taken = lease.take(fd, 0)
        assert isinstance(taken, lease.Lease)
        reader = threading.Thread(target=lambda: read.append(path.read_text()))
        reader.start()
        os.pwrite(fd, b"y", 0)
        taken.release()
        reader.join()
    assert read == ["y"]


def test_the_break_is_announced_by_a_signal_that_is_ignored(path: Path) -> None:
    """SIGURG, not SIGIO: the default action of the latter would end the process."""
    with opened(path, os.O_RDWR) as fd:
        assert isinstance(lease.take(fd, 0), lease.Lease)
        assert fcntl.fcntl(fd, fcntl.F_GETSIG) == signal.SIGURG
    assert signal.getsignal(signal.SIGIO) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGURG) is signal.SIG_DFL


@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_WRONLY, os.O_RDWR])
def test_any_other_descriptor_prevents_it(path: Path, flags: int) -> None:
    """Also one of our own."""
    with opened(path, flags), opened(path, os.O_RDWR) as fd:
        refused = lease.take(fd, 0.01)
    assert refused == lease.NoLease("others keep the file open")
    assert held(path)


def test_looking_does_not_prevent_it(path: Path) -> None:
    """O_PATH descriptors, hard links and inotify watches do not count."""
    (path.parent / "b").hardlink_to(path)
    libc = ctypes.CDLL(None)
    watch = libc.inotify_init()
    assert libc.inotify_add_watch(watch, os.fsencode(path), 0xFFF) >= 0
    with opened(path, os.O_PATH):
        assert held(path)
    os.close(watch)


def test_it_waits_for_a_reader_to_leave(path: Path) -> None:
    """Somebody who reads now is waited for."""
    reader = os.open(path, os.O_RDONLY)
    leaves = threading.Timer(0.02, os.close, [reader])
    leaves.start()
    assert held(path, wait=30)
    leaves.join()


def test_only_the_owner(public: Path, as_user: AsUser) -> None:
    """Without CAP_LEASE only the owner of a file has leases on it."""
    path = public / "a.yaml"
    path.touch()
    path.chmod(0o666)
    os.chown(path, OTHER, OTHER)

    def take() -> lease.Lease | lease.NoLease:
        with opened(path, os.O_RDWR) as fd:
            return lease.take(fd, 0)

    assert as_user(STRANGER, take) == lease.NoLease("only the file's owner (or CAP_LEASE) may take a write lease")
    assert isinstance(as_user(OTHER, take), lease.Lease)


def test_what_has_no_leases() -> None:
    """Anything but a regular file."""
    readable, writable = os.pipe()
    refused = lease.take(writable, 0)
    os.close(readable)
    os.close(writable)
    assert refused == lease.NoLease("this filesystem has no write leases")


def test_spent(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fresh lease is not spent; after half of the kernel's break time it is."""
    with opened(path, os.O_RDWR) as fd:
        taken = lease.take(fd, 0)
        assert isinstance(taken, lease.Lease)
        assert not taken.spent()
        monkeypatch.setattr(lease, "break_time", lambda: 0.0)
        monkeypatch.setattr(lease, "_SHORTEST", 0.0)
        assert taken.spent()


def test_the_kernels_break_time() -> None:
    """Seconds, from /proc."""
    assert lease.break_time() > 1


@pytest.mark.root
def test_a_lease_broken_by_force_can_be_released(disk: Path) -> None:
    """Another writer waited longer than lease-break-time: the kernel has taken the lease, and that is no error."""
    need(os.geteuid() == 0, "needs root")
    path = disk / "a.yaml"
    path.write_bytes(b"x")
    setting = Path("/proc/sys/fs/lease-break-time")
    before = setting.read_text("ascii")
    setting.write_text("1", "ascii")
    fd = os.open(path, os.O_RDWR)
    try:
        held = lease.take(fd, 1.0)
        assert isinstance(held, lease.Lease)
        subprocess.run([sys.executable, "-c", "import sys; open(sys.argv[1], 'r+b')", path], check=True)
        held.release()
    finally:
        os.close(fd)
        setting.write_text(before, "ascii")
