"""confkeep.files.lease: the superuser of a container, who lacks CAP_LEASE, takes a lease as the file's owner."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

import pytest

from confkeep.files import lease, syscalls
from confkeep.files.overwrite import overwrite
from tests.support.capabilities import CAP_LEASE, CAP_SETUID, drop, filesystem_users, status
from tests.support.looking import looking, opened
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.written import Written
    from tests.support.fixtures import AsUser


@pytest.fixture
def path(public: Path) -> Path:
    """A stranger's file."""
    path = public / "a.yaml"
    path.write_bytes(b"old\n")
    os.chown(path, STRANGER, STRANGER)
    return path


def who() -> tuple[int, str]:
    """As whom this thread accesses files, and what it may."""
    thread = threading.get_native_id()
    return filesystem_users()[thread], status(thread, "CapEff")


def test_the_superuser_without_cap_lease(path: Path, as_user: AsUser) -> None:
    """It is had, others wait for it, it is given back; and the thread is who it was, with all that it may."""

    def take() -> None:
        drop(CAP_LEASE)
        before = who()
        with opened(path, os.O_RDWR) as fd:
            with pytest.raises(PermissionError):
                fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            taken = lease.take(fd, 0)
            assert isinstance(taken, lease.Lease), taken
            assert who() == before
            with pytest.raises(BlockingIOError):
                os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            taken.release()
            assert who() == before
            with opened(path, os.O_RDONLY | os.O_NONBLOCK):
                pass

    as_user(0, take)


def test_who_it_is_afterwards_when_it_fails(path: Path, as_user: AsUser) -> None:
    """Others have it open: no lease, and the thread is who it was."""

    def take() -> None:
        drop(CAP_LEASE)
        before = who()
        with opened(path, os.O_RDONLY), opened(path, os.O_RDWR) as fd:
            assert lease.take(fd, 0.01) == lease.NoLease("others keep the file open")
        assert who() == before

    as_user(0, take)


def test_when_the_call_ends_in_an_exception(path: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even then."""
    real, calls = fcntl.fcntl, [0]

    def interrupted(fd: int, command: int, argument: int = 0) -> int:
        if command == fcntl.F_SETLEASE:
            calls[0] += 1
            if calls[0] == 2:
                assert filesystem_users()[threading.get_native_id()] == STRANGER
                raise KeyboardInterrupt
        return real(fd, command, argument)

    def take() -> None:
        drop(CAP_LEASE)
        before = who()
        with opened(path, os.O_RDWR) as fd, pytest.raises(KeyboardInterrupt):
            lease.take(fd, 0)
        assert who() == before

    monkeypatch.setattr(fcntl, "fcntl", interrupted)
    as_user(0, take)


def test_no_other_thread_is_somebody_else(path: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the thread that takes the lease is the owner, and only while it does."""
    seen: list[dict[int, int]] = []
    real = syscalls.set_filesystem_user

    def looked_at(uid: int) -> int:
        before = real(uid)
        seen.append(filesystem_users())
        return before

    def take() -> None:
        drop(CAP_LEASE)
        end = threading.Event()
        other = threading.Thread(target=end.wait)
        other.start()
        with opened(path, os.O_RDWR) as fd:
            assert isinstance(lease.take(fd, 0), lease.Lease)
        me = threading.get_native_id()
        assert seen[0] == {me: STRANGER, other.native_id: 0}
        assert seen[1] == {me: 0, other.native_id: 0}
        end.set()
        other.join()

    monkeypatch.setattr(syscalls, "set_filesystem_user", looked_at)
    as_user(0, take)


def test_neither_capability(path: Path, as_user: AsUser) -> None:
    """Who may not become the owner either has no lease, and is told why; nothing else changes."""

    def take() -> lease.Lease | lease.NoLease:
        drop(CAP_LEASE, CAP_SETUID)
        before = who()
        with opened(path, os.O_RDWR) as fd:
            taken = lease.take(fd, 0)
        assert who() == before
        return taken

    assert as_user(0, take) == lease.NoLease("only the file's owner (or CAP_LEASE) may take a write lease")


def test_a_save_has_all_guarantees(path: Path, as_user: AsUser) -> None:
    """The whole way: reader-atomic and compared under the lease; the file stays the stranger's."""

    def save() -> Written:
        drop(CAP_LEASE)
        with looking(path) as target:
            return overwrite(target, b"old\n", b"new, and more\n")

    written = as_user(0, save)
    assert (written.reader_atomic, written.compare_and_swap, written.notes) == (True, True, ())
    assert path.read_bytes() == b"new, and more\n"
    assert path.stat().st_uid == STRANGER
