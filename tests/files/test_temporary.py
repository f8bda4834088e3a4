"""confkeep.files.temporary: a temporary file beside a target, and the ways in which it is published."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError
from confkeep.files import leftovers, syscalls, temporary
from confkeep.files.target import Changed
from confkeep.files.temporary import Temporary
from confkeep.files.written import Unsettled
from tests.support.faults import failing, raising
from tests.support.looking import leftovers_in, looking, opened
from tests.support.sites import in_a_child

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.files.target import Target

OLD, NEW = b"old", b"new"


@contextmanager
def made(path: Path) -> Generator[tuple[Temporary, Target]]:
    """NEW in a temporary file beside ``path``, and the look at it."""
    with looking(path) as target:
        directory = temporary.directory_of(target)
        name = leftovers.temporary_name()
        beside = Temporary(directory, name, temporary.create(directory, name, 0o600))
        os.write(beside.fd, NEW)
        try:
            yield beside, target
        finally:
            beside.discard()


def test_created_closed_and_locked(tmp_path: Path) -> None:
    """With the mode that is asked for, and so that another process's sweep leaves it alone."""
    with made(tmp_path / "a") as (beside, _):
        assert os.stat(beside.name, dir_fd=beside.directory).st_mode & 0o7777 == 0o600
        fd = os.open(beside.name, os.O_RDONLY, dir_fd=beside.directory)
        with pytest.raises(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(fd)


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    """Is not ours: neither a file nor a link that waits there is used."""
    (tmp_path / "taken").write_bytes(OLD)
    (tmp_path / "link").symlink_to("elsewhere")
    with opened(tmp_path, os.O_RDONLY) as directory:
        for name in ("taken", "link"):
            with pytest.raises(FileExistsError):
                temporary.create(directory, name, 0o600)
    assert sorted(os.listdir(tmp_path)) == ["link", "taken"]


def test_the_directory_is_named_where_it_cannot_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the path of the target."""
    with looking(tmp_path / "a") as target:
        monkeypatch.setattr(os, "open", raising(errno.EMFILE))
        with pytest.raises(IoError, match="opening the directory of"):
            temporary.directory_of(target)


@pytest.mark.parametrize("how", ["renameat2", "link"])
def test_create_at(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is, with the flag of renameat2 or, where there is none, by a link."""
    if how == "link":
        monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))
    with made(tmp_path / "a") as (beside, target):
        beside.bring(target, lambda: beside.create_at("a"))
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (NEW, ["a"])
    assert (tmp_path / "a").stat().st_nlink == 1


@pytest.mark.parametrize("how", ["renameat2", "link"])
def test_create_at_where_somebody_came(tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Theirs stays, and ours is as it was."""
    if how == "link":
        monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))
    with made(tmp_path / "a") as (beside, target):
        (tmp_path / "a").write_bytes(OLD)
        with pytest.raises(Changed):
            beside.bring(target, lambda: beside.create_at("a"))
        assert beside.is_at(beside.name)
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (OLD, ["a"])


def test_rename_over(tmp_path: Path) -> None:
    """Whatever is there by then; the answer says that nothing was compared."""
    (tmp_path / "a").write_bytes(OLD)
    with made(tmp_path / "a") as (beside, target):
        (tmp_path / "a").write_bytes(b"newer than the look")
        written = beside.bring(target, lambda: beside.rename_over(target))
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (NEW, ["a"])
    assert (written.compare_and_swap, len(written.notes)) == (False, 1)


@pytest.mark.parametrize("change", ["mode", "link", "symlink", "directory"])
def test_rename_over_another_kind_of_file(tmp_path: Path, change: str) -> None:
    """One that a rename would take something from is looked at again first."""
    path = tmp_path / "a"
    path.write_bytes(OLD)
    with made(path) as (beside, target):
        if change == "mode":
            path.chmod(0o600)
        elif change == "link":
            path.with_name("b").hardlink_to(path)
        else:
            path.unlink()
            if change == "symlink":
                path.symlink_to("b")
            else:
                path.mkdir()
        with pytest.raises(Changed):
            beside.bring(target, lambda: beside.rename_over(target))
        assert beside.is_at(beside.name)
    assert leftovers_in(tmp_path) == []


def test_a_rename_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old content is there, and the temporary file as well."""
    (tmp_path / "a").write_bytes(OLD)
    with made(tmp_path / "a") as (beside, target):
        with monkeypatch.context() as context:
            context.setattr(os, "rename", raising(errno.EIO))
            with pytest.raises(IoError, match="the old content is intact"):
                beside.bring(target, lambda: beside.rename_over(target))
        assert beside.is_at(beside.name)
    assert ((tmp_path / "a").read_bytes(), os.listdir(tmp_path)) == (OLD, ["a"])


def test_a_directory_that_cannot_be_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new content is there, but may not be after a crash: that is said."""
    (tmp_path / "a").write_bytes(OLD)
    before = os.listdir("/proc/self/fd")
    with made(tmp_path / "a") as (beside, target):
        failing(monkeypatch, "fsync", errno.EIO, {1})
        with pytest.raises(Unsettled):
            beside.bring(target, lambda: beside.rename_over(target))
        assert beside.done
    assert (tmp_path / "a").read_bytes() == NEW
    assert os.listdir("/proc/self/fd") == before


def test_discard_removes_only_our_own(tmp_path: Path) -> None:
    """What has taken its name stays, and a second discard does nothing."""
    with made(tmp_path / "a") as (beside, _):
        (tmp_path / "theirs").write_bytes(OLD)
        (tmp_path / "theirs").rename(tmp_path / beside.name)
        beside.discard()
        beside.discard()
    assert (tmp_path / beside.name).read_bytes() == OLD


def test_a_sweep_takes_it_when_its_maker_is_dead(tmp_path: Path) -> None:
    """Not before."""

    def die() -> None:
        with made(tmp_path / "a"):
            assert len(leftovers_in(tmp_path)) == 1
            os._exit(1)

    in_a_child(die)
    assert len(leftovers_in(tmp_path)) == 1
    with made(tmp_path / "b") as (beside, _), opened(tmp_path, os.O_RDONLY) as directory:
        leftovers.sweep(directory)
        assert leftovers_in(tmp_path) == [beside.name]
