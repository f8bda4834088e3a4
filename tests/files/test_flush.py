"""confkeep.files.flush: what is there already is brought to the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.files import leftovers
from confkeep.files.flush import flush
from confkeep.files.target import Changed
from tests.support.looking import looking
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been flushed."""
    seen: list[str] = []
    fsync = os.fsync

    def watched(fd: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", watched)
    return seen


def test_the_file_then_its_directory(tmp_path: Path, flushed: list[str]) -> None:
    """In that order: a name that leads to nothing is worth nothing."""
    (tmp_path / "a").write_bytes(b"x")
    with looking(tmp_path / "a") as target:
        flush(target)
    assert flushed == [os.fspath(tmp_path / "a"), os.fspath(tmp_path)]


def test_absence_is_flushed_too(tmp_path: Path, flushed: list[str]) -> None:
    """The directory says that nothing is there."""
    with looking(tmp_path / "a") as target:
        flush(target)
    assert flushed == [os.fspath(tmp_path)]


def test_what_a_dead_save_left_is_removed(tmp_path: Path, flushed: list[str]) -> None:
    """Before the directory is flushed."""
    (tmp_path / leftovers.temporary_name()).write_bytes(b"half")
    (tmp_path / "a").write_bytes(b"x")
    with looking(tmp_path / "a") as target:
        flush(target)
    assert os.listdir(tmp_path) == ["a"]


def test_another_file_is_not_flushed_in_its_place(tmp_path: Path, flushed: list[str]) -> None:
    """One that came meanwhile is another target."""
    (tmp_path / "a").write_bytes(b"x")
    with looking(tmp_path / "a") as target:
        (tmp_path / "b").write_bytes(b"y")
        (tmp_path / "b").rename(tmp_path / "a")
        with pytest.raises(Changed):
            flush(target)
    assert flushed == []


def test_a_directory_that_is_closed_to_us(public: Path, as_user: AsUser) -> None:
    """Nothing of ours was renamed in it: the file is enough."""
    (public / "closed").mkdir(mode=0o711)
    (public / "closed/a").write_bytes(b"x")

    def flushing() -> bool:
        with looking(public / "closed/a") as target:
            flush(target)
        return True

    assert as_user(STRANGER, flushing)


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    """Of file and directory."""
    (tmp_path / "a").write_bytes(b"x")
    before = os.listdir("/proc/self/fd")
    with looking(tmp_path / "a") as target:
        flush(target)
    assert os.listdir("/proc/self/fd") == before
