"""confkeep.files.removal: a file is removed if it holds what was compared, and what came meanwhile has its name."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.errors import ConfkeepError, IoError, MountedFile, NoPermission, Refused
from confkeep.etag import etag_of, version_of
from confkeep.files import lease, leftovers, removal, syscalls
from confkeep.files.leftovers import is_temporary
from confkeep.files.place import resolve
from confkeep.files.removal import bring_back, refusal, remove, set_aside
from confkeep.files.replace import Displaced
from confkeep.files.root import ANYWHERE
from confkeep.files.target import Changed
from confkeep.files.written import Unsettled
from tests.support.faults import failing, raising
from tests.support.layouts import file_bind
from tests.support.looking import leftovers_in, looking, opened
from tests.support.mounting import FILESYSTEMS
from tests.support.sites import in_a_child
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem
    from tests.support.layouts import Ground

OLD = b"old: 1\n"
EDITED = b"by: hand\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a directory of its own."""
    (tmp_path / "config").mkdir()
    path = tmp_path / "config" / "a.yaml"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def removed(path: Path, old: bytes = OLD) -> None:
    """Remove it, if that is what it holds."""
    with looking(path) as target:
        remove(target, version_of(old))


def refused(path: Path) -> Refused | None:
    """Why it cannot be removed."""
    with looking(path) as target:
        return refusal(target)


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_it_is_gone(filesystem: Filesystem, name: str) -> None:
    """On each filesystem, and nothing is left of it."""
    path = filesystem(name) / "a.yaml"
    path.write_bytes(OLD)
    removed(path)
    assert os.listdir(path.parent) == []


def test_the_directory_is_flushed_when_it_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a power cut could bring it back after the answer."""
    flushed: list[list[str]] = []
    fsync = os.fsync

    def seen(fd: int) -> None:
        assert os.path.samestat(os.fstat(fd), path.parent.stat())
        flushed.append([name for name in os.listdir(path.parent) if not is_temporary(name)])
        fsync(fd)

    monkeypatch.setattr(os, "fsync", seen)
    removed(path)
    assert flushed == [[]]
    assert os.listdir(path.parent) == []


def test_one_of_several_links(path: Path) -> None:
    """Only the name goes: the inode stays with its other one."""
    other = path.with_name("other")
    other.hardlink_to(path)
    removed(path)
    assert os.listdir(path.parent) == ["other"]
    assert (other.read_bytes(), other.stat().st_nlink) == (OLD, 1)


def test_a_link_to_it_stays(path: Path) -> None:
    """What a symbolic link leads to is removed, as it is what would be saved; the link then leads nowhere."""
    link = path.with_name("link")
    link.symlink_to(path.name)
    removed(link)
    assert not path.exists()
    assert link.is_symlink()


def test_a_mount_point(ground: Ground) -> None:
    """unlink(2) says EBUSY there: refused before anything is done, with a slug of its own."""
    path = file_bind(ground)
    path.write_bytes(OLD)
    found = refused(path)
    assert isinstance(found, MountedFile)
    assert (found.slug, found.status) == ("mounted-file", 409)
    assert os.fspath(path) in found.detail
    with pytest.raises(MountedFile):
        removed(path)
    assert path.read_bytes() == OLD


def test_a_closed_directory(public: Path, as_user: AsUser) -> None:
    """The file may be written, but its name is not ours to take."""
    path = public / "a.yaml"
    path.write_bytes(OLD)
    path.chmod(0o666)

    def attempt() -> str:
        with pytest.raises(Refused) as caught:
            removed(path)
        return caught.value.slug

    assert as_user(STRANGER, attempt) == NoPermission.slug
    assert path.read_bytes() == OLD


def test_a_directory(tmp_path: Path) -> None:
    """Nothing but a regular file is removed."""
    assert refused(tmp_path) is not None


def test_what_is_not_there_is_not_refused(path: Path) -> None:
    """There is nothing to do."""
    assert refused(path.with_name("nothing")) is None


def test_another_content(path: Path) -> None:
    """It does not hold what was compared: it has its name again, the very inode."""
    inode = path.stat().st_ino
    with pytest.raises(Changed):
        removed(path, b"something else\n")
    assert (path.read_bytes(), path.stat().st_ino) == (OLD, inode)
    assert leftovers_in(path.parent) == []


def written(path: Path) -> None:
    """In place."""
    path.write_bytes(EDITED)


def renamed_over(path: Path) -> None:
    """As most editors do."""
    path.with_name("edited").write_bytes(EDITED)
    path.with_name("edited").rename(path)


def before_the_rename(patch: pytest.MonkeyPatch, edit: Callable[[], None]) -> None:
    """Something happens after the last look."""
    rename = os.rename

    def after_it(name: str, aside: str, **directories: Any) -> None:
        patch.setattr(os, "rename", rename)
        edit()
        rename(name, aside, **directories)

    patch.setattr(os, "rename", after_it)


@pytest.mark.parametrize("edit", [written, renamed_over])
def test_an_edit_after_the_last_look(path: Path, edit: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is taken away for a moment, and comes back."""
    before_the_rename(monkeypatch, lambda: edit(path))
    with pytest.raises(Changed) as caught:
        removed(path)
    assert not isinstance(caught.value, Displaced)
    assert path.read_bytes() == EDITED
    assert leftovers_in(path.parent) == []


def test_a_link_after_the_last_look(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody follows it, and it comes back."""

    def linked() -> None:
        path.unlink()
        path.symlink_to("elsewhere")

    before_the_rename(monkeypatch, linked)
    with pytest.raises(Changed):
        removed(path)
    assert path.readlink().name == "elsewhere"
    assert leftovers_in(path.parent) == []


def test_a_pipe_after_the_last_look(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for its other end."""

    def piped() -> None:
        path.unlink()
        os.mkfifo(path)

    before_the_rename(monkeypatch, piped)
    with pytest.raises(Changed):
        removed(path)
    assert path.is_fifo()


def test_removed_after_the_last_look(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else was faster."""
    before_the_rename(monkeypatch, path.unlink)
    with pytest.raises(Changed):
        removed(path)


def test_two_edits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One just before and one just after the rename: the second has the name, the first is named to the caller."""
    holds = removal._holds  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - after the rename

    def another(directory: int, fd: int, data: bytes) -> bool:
        path.write_bytes(b"second\n")
        return holds(directory, fd, data)

    before_the_rename(monkeypatch, lambda: renamed_over(path))
    monkeypatch.setattr(removal, "_holds", another)
    with pytest.raises(Displaced) as caught:
        removed(path)
    assert path.read_bytes() == b"second\n"
    assert (path.parent / caught.value.name).read_bytes() == EDITED
    with opened(path.parent, os.O_RDONLY) as directory:
        assert leftovers.sweep(directory).edits == [caught.value.name]


def test_without_flags(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filesystem that knows no RENAME_NOREPLACE: it is removed, and an edit comes back all the same."""
    monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))
    before_the_rename(monkeypatch, lambda: written(path))
    with pytest.raises(Changed):
        removed(path)
    assert path.read_bytes() == EDITED
    removed(path, EDITED)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.ENOSPC])
def test_the_disk_fails(path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rename fails: it is still there, and the error says so."""
    monkeypatch.setattr(os, "rename", raising(code))
    with pytest.raises(ConfkeepError) as caught:
        removed(path)
    assert "the old content is intact" in caught.value.detail
    assert path.read_bytes() == OLD


def test_reading_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be compared any more: it has its name again."""
    monkeypatch.setattr(removal, "read_all", raising(errno.EIO))
    with pytest.raises(OSError, match="Input"):
        removed(path)
    assert path.read_bytes() == OLD
    assert leftovers_in(path.parent) == []


def test_the_flush_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is gone, but maybe not on the disk: nobody may be told that it was removed."""
    failing(monkeypatch, "fsync", errno.EIO, {1})
    with pytest.raises(Unsettled):
        removed(path)


def test_it_can_be_had_back(path: Path) -> None:
    """Until it is finished: the very inode, with all that belongs to it."""
    inode = path.stat().st_ino
    with looking(path) as target:
        aside = set_aside(target, version_of(OLD))
    assert not path.exists()
    aside.put_back()
    assert (path.read_bytes(), path.stat().st_ino, path.stat().st_mode & 0o777) == (OLD, inode, 0o640)
    assert leftovers_in(path.parent) == []


def test_a_sweep_leaves_it(path: Path) -> None:
    """As long as its maker lives; after that it is an old content that nobody misses."""
    with looking(path) as target:
        aside = set_aside(target, version_of(OLD))
    with opened(path.parent, os.O_RDONLY) as directory:
        assert leftovers.sweep(directory).removed == []
        aside.finish()
        assert os.listdir(path.parent) == []


def test_nobody_loses_a_name_by_that(path: Path) -> None:
    """Somebody has made a file of that name meanwhile: it stays."""
    with looking(path) as target:
        aside = set_aside(target, version_of(OLD))
    path.write_bytes(EDITED)
    aside.put_back()
    assert path.read_bytes() == EDITED


@pytest.mark.parametrize("old", [OLD, EDITED])
def test_the_next_process_brings_it_back(path: Path, old: bytes) -> None:
    """By the hash in its name; what was another file's is left alone."""
    inode = path.stat().st_ino

    def dies() -> None:
        with looking(path) as target:
            set_aside(target, version_of(OLD))
            os.kill(os.getpid(), signal.SIGKILL)

    in_a_child(dies)
    assert not path.exists()
    with resolve(ANYWHERE, os.fspath(path)) as place:
        assert bring_back(place, etag_of(old)) == (old == OLD)
    if old == OLD:
        assert (path.stat().st_ino, path.read_bytes()) == (inode, OLD)
    else:
        assert not path.exists()


def test_an_edit_beside_the_lease(path: Path) -> None:
    """Somebody writes to it by a lease: it cannot be compared, so it stays."""
    with path.open("r+b") as theirs:
        held = lease.take(theirs.fileno(), 1.0)
        assert isinstance(held, lease.Lease)
        with looking(path) as target, pytest.raises(Changed):
            remove(target, version_of(OLD))
        held.release()
    assert path.read_bytes() == OLD


def test_the_directory_cannot_be_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named error, and the file is still there."""
    with looking(path) as target:
        monkeypatch.setattr(os, "open", raising(errno.EMFILE))
        with pytest.raises(IoError):
            remove(target, version_of(OLD))
        monkeypatch.undo()
    assert path.read_bytes() == OLD
