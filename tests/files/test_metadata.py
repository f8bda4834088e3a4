"""confkeep.files.metadata: what a new file can be given, and what it gets."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from confkeep.files.metadata import NotReproducible, attributes, not_reproducible, reproduce
from tests.support.faults import raising
from tests.support.looking import facts_at, opened
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


def copy(directory: Path) -> None:
    """Give b the metadata of a."""
    with (
        opened(directory, os.O_RDONLY) as parent,
        opened(directory / "a", os.O_RDONLY) as old,
        opened(directory / "b", os.O_RDWR) as new,
    ):
        reproduce(facts_at(directory / "a"), None, attributes(old), new, parent)


def test_root_can_give_files_away(public: Path, as_user: AsUser) -> None:
    """Any owner can be reproduced by who has CAP_CHOWN."""
    (public / "a").touch()
    os.chown(public / "a", STRANGER, OTHER)
    assert not_reproducible(facts_at(public / "a")) is None


def test_a_user_keeps_its_own(public: Path, as_user: AsUser) -> None:
    """Ones own files in ones own groups; anything else is named."""
    path = public / "a"
    path.touch()
    os.chown(path, STRANGER, OTHER)
    assert as_user(STRANGER, lambda: not_reproducible(facts_at(path)), groups=(OTHER,)) is None
    assert f"gid {OTHER}" in (as_user(STRANGER, lambda: not_reproducible(facts_at(path))) or "")
    assert f"uid {STRANGER}" in (as_user(OTHER, lambda: not_reproducible(facts_at(path))) or "")


def test_attributes_that_cannot_be_read_are_not_reproducible(tmp_path: Path) -> None:
    """What is not known cannot be copied."""
    (tmp_path / "a").touch()
    (tmp_path / "b").touch()
    with opened(tmp_path / "b", os.O_RDWR) as fd, pytest.raises(NotReproducible):
        reproduce(facts_at(tmp_path / "a"), None, None, fd, fd)


def test_attributes_that_are_too_many_are_taken_away(tmp_path: Path) -> None:
    """The new file has exactly the old one's attributes."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    os.setxattr(tmp_path / "a", "user.one", b"1")
    os.setxattr(tmp_path / "b", "user.one", b"2")
    os.setxattr(tmp_path / "b", "user.two", b"2")
    copy(tmp_path)
    assert os.listxattr(tmp_path / "b") == ["user.one"]
    assert os.getxattr(tmp_path / "b", "user.one") == b"1"


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.ENOSYS])
def test_a_filesystem_without_attributes(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are none to lose."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    (tmp_path / "a").chmod(0o640)
    monkeypatch.setattr(os, "listxattr", raising(code))
    copy(tmp_path)
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("call", ["fchmod", "setxattr"])
def test_what_fails_is_not_reproducible(tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything the kernel refuses means the other route, not a file that is less than the old one."""
    for name in ("a", "b"):
        (tmp_path / name).touch()
    os.setxattr(tmp_path / "a", "user.one", b"1")
    monkeypatch.setattr(os, call, raising(errno.EPERM))
    with pytest.raises(NotReproducible):
        copy(tmp_path)


def test_a_mode_that_the_kernel_changes_is_not_reproducible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was set is looked at again: some filesystems accept a mode and keep another."""
    for name in ("a", "b"):
        (tmp_path / name).touch(0o640 if name == "a" else 0o600)

    def accepted(*_: object) -> None:
        return None

    monkeypatch.setattr(os, "fchmod", accepted)
    with pytest.raises(NotReproducible):
        copy(tmp_path)
