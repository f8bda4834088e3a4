"""What a published folder is besides its contents: mode, owner, ACL, attributes, and what is created in it."""

from __future__ import annotations

import os
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.folders import NEW, OLD, building, publish, read, write
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem


@pytest.fixture
def umask() -> Generator[None]:
    """0027, for this test."""
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode_of(path: Path | str) -> int:
    """Permission bits."""
    return stat.S_IMODE(os.stat(path).st_mode)


def acl_of(path: Path) -> str:
    """As getfacl prints it."""
    return subprocess.run(
        ["getfacl", "--omit-header", "--absolute-names", path], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755, 0o777, 0o1777, 0o2775])
def test_the_mode_is_that_of_the_old_folder(disk: Path, mode: int) -> None:
    """Whatever the umask says, and whatever was done to the building."""
    path = write(disk / "conf", OLD)
    path.chmod(mode)
    with building(path) as made:
        os.chmod(made.path, 0o711)
        published = made.publish()
    assert mode_of(path) == mode
    assert published.guarantees.metadata_kept


@pytest.mark.usefixtures("umask")
def test_a_new_folder_is_as_mkdir_makes_it(disk: Path) -> None:
    """By the umask, and with the group of a setgid directory; unless who built it has said otherwise."""
    for mode in (0o755, 0o2777):
        (disk / "in").mkdir()
        os.chown(disk / "in", 0, OTHER)
        (disk / "in").chmod(mode)
        (disk / "in" / "mkdir").mkdir()
        publish(disk / "in" / "conf")
        expected, found = (disk / "in" / "mkdir").stat(), (disk / "in" / "conf").stat()
        assert (found.st_mode, found.st_uid, found.st_gid) == (expected.st_mode, expected.st_uid, expected.st_gid)
        (disk / "in").rename(disk / str(mode))
    with building(disk / "private") as made:
        os.chmod(made.path, 0o700)
        made.publish()
    assert mode_of(disk / "private") == 0o700


def test_a_new_folder_has_the_default_acl(filesystem: Filesystem) -> None:
    """As if mkdir had made it, and so has what is created in it."""
    directory = filesystem("ext4")
    subprocess.run(["setfacl", "-d", "-m", f"u:{STRANGER}:rwx,g::r-x,o::---", directory], check=True)
    (directory / "mkdir" / "inner").mkdir(parents=True)
    with building(directory / "conf") as made:
        os.mkdir(os.path.join(made.path, "inner"))
        made.publish()
    for name in ("", "inner"):
        assert acl_of(directory / "conf" / name) == acl_of(directory / "mkdir" / name)


def test_an_acl_that_the_old_folder_has_not(filesystem: Filesystem) -> None:
    """What the parent directory hands down since the old one was made comes neither to the new one nor into it."""
    directory = filesystem("ext4")
    path = write(directory / "conf", OLD)
    subprocess.run(["setfacl", "-d", "-m", f"u:{STRANGER}:rwx", directory], check=True)
    acl = acl_of(path)
    with building(path) as made:
        os.mkdir(os.path.join(made.path, "inner"))
        made.publish()
    (path / "reference").mkdir()
    assert acl_of(path) == acl
    assert acl_of(path / "inner") == acl_of(path / "reference")


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs", "overlay"])
def test_owner_acl_and_attributes_are_kept(filesystem: Filesystem, name: str) -> None:
    """All that can be had, and what is created in the building inherits as in the old folder."""
    path = write(filesystem(name) / "conf", OLD)
    os.chown(path, STRANGER, OTHER)
    path.chmod(0o2750)
    os.setxattr(path, "user.comment", b"by hand")
    subprocess.run(["setfacl", "-m", f"u:{OTHER}:rwx,d:u:{OTHER}:r-x", path], check=True)
    before, acl = path.stat(), acl_of(path)
    with building(path) as made:
        os.mkdir(os.path.join(made.path, "inner"))
        published = made.publish()
    (path / "reference").mkdir()
    after = path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid)
    assert acl_of(path) == acl
    assert acl_of(path / "inner") == acl_of(path / "reference")
    assert (path / "inner").stat().st_gid == OTHER
    assert os.getxattr(path, "user.comment") == b"by hand"
    assert published.guarantees.metadata_kept


def test_an_owner_that_cannot_be_given_is_told(public: Path, as_user: AsUser) -> None:
    """The folder is published all the same, and nobody may do in it what he might not before."""
    public.chmod(0o777)
    path = write(public / "conf", {})
    path.chmod(0o2774)
    os.setxattr(path, "user.comment", b"by hand")
    published = as_user(STRANGER, lambda: publish(path))
    assert read(path) == NEW
    assert (path.stat().st_uid, path.stat().st_gid) == (STRANGER, STRANGER)
    assert mode_of(path) == 0o744
    assert os.getxattr(path, "user.comment") == b"by hand"
    assert not published.guarantees.metadata_kept
    assert published.guarantees.reader_atomic
    assert "not all kept" in published.notes[0]


def test_a_group_of_ours_is_kept(public: Path, as_user: AsUser) -> None:
    """A user keeps any group that it is in, though the owner is another one."""
    public.chmod(0o777)
    path = write(public / "conf", {})
    os.chown(path, OTHER, OTHER)
    path.chmod(0o770)
    as_user(STRANGER, lambda: publish(path), groups=(OTHER,))
    assert (path.stat().st_uid, path.stat().st_gid) == (STRANGER, OTHER)
    assert mode_of(path) == 0o770
