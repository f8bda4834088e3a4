"""confkeep.files.replace: a temporary file beside the target, flushed, then renamed over it."""

from __future__ import annotations

import errno
import os
import struct
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError, OutOfSpace
from confkeep.files import syscalls, temporary
from confkeep.files.leftovers import is_temporary
from confkeep.files.metadata import NotReproducible
from confkeep.files.target import Changed
from confkeep.files.written import Unsettled
from tests.support.faults import raising
from tests.support.layouts import directory_bind
from tests.support.looking import leftovers_in, looking
from tests.support.looking import staged as make
from tests.support.mounting import FILESYSTEMS, fill
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.written import Written
    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.layouts import Ground

OLD, NEW = b"old\n", b"new and longer\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds OLD."""
    path = tmp_path / "a.yaml"
    path.write_bytes(OLD)
    return path


def save(path: Path, new: bytes = NEW) -> Written:
    """Stage and publish."""
    with looking(path) as target:
        return make(target, new).publish()


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_the_new_bytes_are_in_a_new_inode(filesystem: Filesystem, name: str) -> None:
    """After a save the name leads to the new bytes, and no temporary file is left."""
    path = filesystem(name) / "a.yaml"
    path.write_bytes(OLD)
    with path.open("rb") as reader:
        written = save(path)
        assert reader.read() == OLD  # whoever had it open reads on in the old file
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == ["a.yaml"]
    assert written.reader_atomic
    assert written.compare_and_swap


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_new_file_is_created(filesystem: Filesystem, name: str) -> None:
    """Where nothing was, the file is there whole; nobody else's can have been replaced."""
    path = filesystem(name) / "a.yaml"
    assert save(path).compare_and_swap
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == ["a.yaml"]


def test_staging_is_invisible(path: Path) -> None:
    """Before it is published nothing but a temporary file, closed to others, is there; discarding removes it."""
    with looking(path) as target:
        staged = make(target, NEW)
        (temporary,) = leftovers_in(path.parent)
        assert is_temporary(temporary)
        assert path.read_bytes() == OLD
        staged.discard()
        assert leftovers_in(path.parent) == []
        staged.discard()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444, 0o4755, 0o2755])
def test_the_mode_is_kept(path: Path, mode: int) -> None:
    """Whatever the umask says."""
    path.chmod(mode)
    save(path)
    assert path.stat().st_mode & 0o7777 == mode


def test_the_owner_is_kept(public: Path, as_user: AsUser) -> None:
    """Root gives the new file to whom the old one belonged."""
    path = public / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, STRANGER, OTHER)
    save(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (STRANGER, OTHER)


def test_a_group_of_ours_is_kept(public: Path, as_user: AsUser) -> None:
    """A user gives the new file any group that it is in."""
    public.chmod(0o777)
    path = public / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, STRANGER, OTHER)
    as_user(STRANGER, lambda: save(path), groups=(OTHER,))
    assert path.read_bytes() == NEW
    assert path.stat().st_gid == OTHER


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs", "overlay"])
def test_attributes_are_kept(filesystem: Filesystem, name: str) -> None:
    """Extended attributes of users and of the system."""
    path = filesystem(name) / "a.yaml"
    path.write_bytes(OLD)
    os.setxattr(path, "user.comment", b"by hand")
    os.setxattr(path, "trusted.note", b"\x00\xff")
    save(path)
    assert path.read_bytes() == NEW
    assert os.getxattr(path, "user.comment") == b"by hand"
    assert os.getxattr(path, "trusted.note") == b"\x00\xff"


def acl(user: int) -> bytes:
    """A POSIX ACL (acl(5)) that lets ``user`` write, as the kernel keeps it."""
    entries = [(0x01, 6, -1), (0x02, 6, user), (0x04, 4, -1), (0x10, 6, -1), (0x20, 4, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def test_the_acl_is_kept(filesystem: Filesystem) -> None:
    """An access list stays what it was, mask and mode included."""
    path = filesystem("ext4") / "a.yaml"
    path.write_bytes(OLD)
    os.setxattr(path, "system.posix_acl_access", acl(STRANGER))
    mode = path.stat().st_mode
    save(path)
    assert os.getxattr(path, "system.posix_acl_access") == acl(STRANGER)
    assert path.stat().st_mode == mode


def test_the_directorys_default_acl_is_not_added(filesystem: Filesystem) -> None:
    """A file without an access list does not get one because new files in its directory do."""
    directory = filesystem("ext4")
    path = directory / "a.yaml"
    path.write_bytes(OLD)
    os.setxattr(directory, "system.posix_acl_default", acl(STRANGER))
    save(path)
    assert os.listxattr(path) == []


def test_a_new_file_gets_the_directorys_default_acl(filesystem: Filesystem) -> None:
    """As any program's new file does."""
    directory = filesystem("ext4")
    os.setxattr(directory, "system.posix_acl_default", acl(STRANGER))
    save(directory / "a.yaml")
    (directory / "plain").touch()
    assert os.getxattr(directory / "a.yaml", "system.posix_acl_access") == os.getxattr(
        directory / "plain", "system.posix_acl_access"
    )


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o000])
def test_the_umask_decides_about_a_new_file(tmp_path: Path, umask: int) -> None:
    """A new file has the mode that any program's new file has."""
    before = os.umask(umask)
    try:
        save(tmp_path / "a.yaml")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "a.yaml").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_what_cannot_be_reproduced_takes_the_other_route(public: Path, as_user: AsUser) -> None:
    """A capability of the file, which only root can set: nothing is published, no temporary file is left."""
    public.chmod(0o777)
    path = public / "a.yaml"
    path.write_bytes(OLD)
    os.chown(path, STRANGER, STRANGER)
    os.setxattr(path, "security.capability", struct.pack("<5I", 0x02000000, 1 << 10, 0, 0, 0))
    with pytest.raises(NotReproducible):
        as_user(STRANGER, lambda: save(path))
    assert os.listdir(public) == ["a.yaml"]
    assert path.read_bytes() == OLD


def test_other_content_is_not_replaced(path: Path) -> None:
    """Bytes that are not those that were compared: nothing happens, and nothing is left."""
    with looking(path) as target:
        staged = make(target, NEW)
        path.write_bytes(b"by hand\n")
        with pytest.raises(Changed):
            staged.publish()
    assert path.read_bytes() == b"by hand\n"
    assert os.listdir(path.parent) == ["a.yaml"]


def test_another_file_is_not_replaced(path: Path) -> None:
    """A file that was put in its place, even with the same bytes."""
    with looking(path) as target:
        staged = make(target, NEW)
        (path.parent / "b").write_bytes(OLD)
        (path.parent / "b").rename(path)
        with pytest.raises(Changed):
            staged.publish()
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_removed_file_is_not_created_again(path: Path) -> None:
    """A file that was removed meanwhile stays removed."""
    with looking(path) as target:
        staged = make(target, NEW)
        path.unlink()
        with pytest.raises(Changed):
            staged.publish()
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("code", [None, errno.EINVAL, errno.ENOSYS])
def test_a_file_that_came_is_not_clobbered(tmp_path: Path, code: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Creating never replaces, with RENAME_NOREPLACE or, where there is no such thing, with link(2)."""
    path = tmp_path / "a.yaml"
    if code is not None:
        monkeypatch.setattr(syscalls, "rename_noreplace", raising(code))
    with looking(path) as target:
        staged = make(target, NEW)
        path.write_bytes(b"by hand\n")
        with pytest.raises(Changed):
            staged.publish()
    assert path.read_bytes() == b"by hand\n"
    assert os.listdir(tmp_path) == ["a.yaml"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS])
def test_create_without_rename_flags(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem without RENAME_NOREPLACE gets the file by link(2)."""
    monkeypatch.setattr(syscalls, "rename_noreplace", raising(code))
    save(tmp_path / "a.yaml")
    assert (tmp_path / "a.yaml").read_bytes() == NEW
    assert (tmp_path / "a.yaml").stat().st_nlink == 1
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_mount_that_appears_is_looked_at_again(ground: Ground) -> None:
    """A file bind that comes over the target before the rename: look again, and find the other route."""
    path = directory_bind(ground)
    with looking(path) as target:
        staged = make(target, NEW)
        ground.mounts.bind(ground.source("other.yaml"), path)
        with pytest.raises(Changed):
            staged.publish()
    assert leftovers_in(path.parent) == []


def test_a_full_disk_leaves_the_old_file(small: Small) -> None:
    """OutOfSpace, the old content as it was, no temporary file."""
    directory = small("ext4", 16)
    path = directory / "a.yaml"
    path.write_bytes(OLD)
    fill(directory, leave=1 << 15)
    with pytest.raises(OutOfSpace, match="old content is intact"):
        save(path, bytes(1 << 20))
    assert path.read_bytes() == OLD
    assert leftovers_in(directory) == []


@pytest.mark.parametrize("call", ["pwrite", "fsync", "fchmod"])
def test_a_failure_while_staging_leaves_nothing(path: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk before publishing: the old file, and no temporary one."""
    with looking(path) as target:
        monkeypatch.setattr(os, call, raising(errno.EIO))
        with pytest.raises(NotReproducible if call == "fchmod" else IoError):
            make(target, NEW)
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["a.yaml"]


def test_an_interrupted_staging_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it ends by something that is no error of the disk."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with looking(path) as target:
        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make(target, NEW)
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_failing_rename_leaves_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the rename: the old file, and no temporary one."""
    with looking(path) as target:
        staged = make(target, NEW)
        monkeypatch.setattr(syscalls, "rename_exchange", raising(errno.EIO))
        with pytest.raises(IoError):
            staged.publish()
    assert path.read_bytes() == OLD
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_directory_that_cannot_be_flushed_is_unsettled(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new file is visible, but a power cut may undo it: nobody may call that saved."""
    with looking(path) as target:
        staged = make(target, NEW)
        monkeypatch.setattr(temporary, "sync_directory", raising(errno.EIO))
        with pytest.raises(Unsettled):
            staged.publish()
    assert path.read_bytes() == NEW
    assert os.listdir(path.parent) == ["a.yaml"]


def test_a_directory_that_was_removed(tmp_path: Path) -> None:
    """The directory is gone between the look and the save."""
    directory = tmp_path / "gone"
    directory.mkdir()
    with looking(directory / "a.yaml") as target:
        directory.rmdir()
        with pytest.raises((IoError, Changed)):
            make(target, NEW)


@pytest.mark.parametrize("new", [b"", b"x", NEW * 100_000])
def test_any_size(path: Path, new: bytes) -> None:
    """Nothing, one byte, more than one write takes."""
    save(path, new)
    assert path.read_bytes() == new


def test_no_descriptor_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither after a save nor after one that failed."""
    before = os.listdir("/proc/self/fd")
    save(path)
    with looking(path) as target:
        staged = make(target, NEW)
        path.write_bytes(b"something else")
        with pytest.raises(Changed):
            staged.publish()
    monkeypatch.setattr(os, "fsync", raising(errno.EIO))
    with pytest.raises(IoError):
        save(path, OLD)
    assert os.listdir("/proc/self/fd") == before
