"""confkeep.files.swap: two names change places; and what a folder's publication says where that takes three steps."""

from __future__ import annotations

import errno
import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import AlreadyExists, IoError
from confkeep.files import leftovers, swap, syscalls
from tests.support.faults import raising
from tests.support.folders import NEW, OLD, publish, read, write
from tests.support.looking import leftovers_in, opened

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def no_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem that cannot exchange, and cannot be asked not to replace."""
    monkeypatch.setattr(syscalls, "rename_exchange", raising(errno.EINVAL))
    monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))


@pytest.fixture
def two(disk: Path) -> Path:
    """A directory with OLD at ``conf``, and NEW at ``new``."""
    write(disk / "conf", OLD)
    write(disk / "new", NEW)
    return disk


def exchange(directory: Path) -> bool:
    """Exchange ``new`` and ``conf``."""
    with opened(directory, os.O_RDONLY) as fd:
        return swap.swap(fd, "new", "conf")


def test_in_one_step(two: Path) -> None:
    """Where the filesystem can."""
    assert exchange(two)
    assert (read(two / "conf"), read(two / "new")) == (NEW, OLD)


@pytest.mark.usefixtures("no_flags")
def test_in_three_steps(two: Path) -> None:
    """Where it cannot; the result is the same."""
    assert not exchange(two)
    assert (read(two / "conf"), read(two / "new")) == (NEW, OLD)
    assert sorted(os.listdir(two)) == ["conf", "new"]


def failing(patch: pytest.MonkeyPatch, calls: set[int]) -> None:
    """Let these renames fail, counted from 1."""
    real, seen = swap.rename, list[str]()

    def sometimes(directory: int, old: str, new: str) -> None:
        seen.append(old)
        if len(seen) in calls:
            raise OSError(errno.EIO, "Input/output error")
        real(directory, old, new)

    patch.setattr(swap, "rename", sometimes)


@pytest.mark.usefixtures("no_flags")
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_failing_step_is_undone(two: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Whichever of them fails, each name leads to what it led to."""
    failing(monkeypatch, {step})
    with pytest.raises(OSError, match="Input/output error"):
        exchange(two)
    assert (read(two / "conf"), read(two / "new")) == (OLD, NEW)
    assert sorted(os.listdir(two)) == ["conf", "new"]


@pytest.mark.usefixtures("no_flags")
def test_what_cannot_be_put_back_is_kept_and_told(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a name that no sweep removes."""
    failing(monkeypatch, {2, 3})
    with pytest.raises(IoError, match="could not be put back") as error:
        exchange(two)
    (kept,) = leftovers_in(two)
    assert kept in error.value.remedy
    with opened(two, os.O_RDONLY) as fd:
        assert leftovers.sweep(fd).removed == []
    assert read(two / kept) == OLD


@pytest.mark.usefixtures("no_flags")
def test_no_other_of_us_comes_between_the_steps(two: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rename is made under a lock of the directory, which is free afterwards."""
    real, tried = swap.rename, list[bool]()

    def is_free() -> bool:
        with opened(two, os.O_RDONLY) as fd:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    def watched(directory: int, old: str, new: str) -> None:
        tried.append(is_free())
        real(directory, old, new)

    monkeypatch.setattr(swap, "rename", watched)
    exchange(two)
    publish(two / "created")
    assert tried == [False] * 4
    assert is_free()


@pytest.mark.usefixtures("no_flags")
def test_what_is_there_is_not_replaced(two: Path) -> None:
    """Not even what a plain rename would replace: an empty folder."""
    (two / "empty").mkdir()
    with opened(two, os.O_RDONLY) as fd, pytest.raises(FileExistsError):
        swap.rename_new(fd, "new", "empty")
    assert read(two / "new") == NEW
    assert read(two / "empty") == {}


@pytest.mark.parametrize("code", [errno.EBUSY, errno.ENOENT, errno.EXDEV])
def test_other_errors_are_no_reason_for_three_steps(two: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Only a filesystem without an exchange is."""
    monkeypatch.setattr(syscalls, "rename_exchange", raising(code))
    with pytest.raises(OSError, check=lambda error: error.errno == code):
        exchange(two)
    assert read(two / "conf") == OLD


@pytest.mark.usefixtures("no_flags")
def test_a_folder_in_three_steps(two: Path) -> None:
    """It is published, and the answer says that there was none for a moment."""
    published = publish(two / "conf")
    assert read(two / "conf") == NEW
    assert not published.guarantees.reader_atomic
    assert not published.guarantees.crash_safe
    assert "no folder for a moment" in published.notes[0]
    assert leftovers_in(two) == []


@pytest.mark.usefixtures("no_flags")
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_new_folder_without_flags(disk: Path, overwrite: bool) -> None:  # noqa: FBT001 - a case
    """It is looked for first, and the answer says so; what is there, if only an empty folder, stays."""
    published = publish(disk / "conf", overwrite=overwrite)
    assert published.created
    assert published.guarantees.crash_safe
    assert not published.guarantees.compare_and_swap
    assert "look" in published.notes[0]
    write(disk / "empty", {})
    with pytest.raises(AlreadyExists):
        publish(disk / "empty", overwrite=False)
    assert read(disk / "empty") == {}
    assert leftovers_in(disk) == []
