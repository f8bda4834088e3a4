"""confkeep.files.draft: bytes on their way to a target, beside it or in memory."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import IoError
from confkeep.etag import etag_of
from confkeep.files.draft import Draft, open_draft
from confkeep.files.read import read_whole
from confkeep.files.target import Changed
from tests.support.faults import failing
from tests.support.looking import leftovers_in, looking
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.fixtures import AsUser

OLD, NEW = b"old: 1\n", b"NEW: 22\n"


@contextmanager
def drafted(path: Path, data: bytes = NEW, *, private: bool = False) -> Generator[Draft]:
    """A draft for ``path`` with ``data`` in it; it is discarded in the end."""
    with looking(path) as target:
        draft = open_draft(target, private=private)
    try:
        os.write(draft.fd, data)
        yield draft
    finally:
        draft.discard()


def published(draft: Draft, path: Path, *, overwrite: bool = True) -> None:
    """Renamed to ``path``."""
    with looking(path) as target:
        draft.publish(target, overwrite=overwrite)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A file that may be replaced."""
    path = tmp_path / "a"
    path.write_bytes(OLD)
    return path


@pytest.fixture
def linked(plain: Path) -> Path:
    """A file that must keep its inode."""
    plain.with_name("b").hardlink_to(plain)
    return plain


def test_beside_what_it_replaces(plain: Path) -> None:
    """A temporary file of ours, which a rename brings to its target."""
    with drafted(plain) as draft:
        assert [os.path.basename(draft.path)] == leftovers_in(plain.parent)
        assert draft.read() == NEW
        with looking(plain) as target:
            assert draft.is_beside(target)
        published(draft, plain)
    assert (plain.read_bytes(), os.listdir(plain.parent)) == (NEW, ["a"])


def test_in_memory_where_no_rename_helps(linked: Path) -> None:
    """Nothing is beside the file; the draft has a name all the same."""
    with drafted(linked) as draft:
        assert sorted(os.listdir(linked.parent)) == ["a", "b"]
        with open(draft.path, "rb") as again:
            assert again.read() == draft.read() == NEW
        with looking(linked) as target:
            assert not draft.is_beside(target)


@pytest.mark.root
def test_it_has_what_the_file_has(plain: Path) -> None:
    """Owner, mode and attributes, from the beginning: a draft is as closed as its file."""
    os.chown(plain, STRANGER, STRANGER)
    plain.chmod(0o640)
    os.setxattr(plain, "user.label", b"mine")
    with drafted(plain) as draft:
        found = os.stat(draft.path)
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (STRANGER, STRANGER, 0o640)
        assert os.getxattr(draft.path, "user.label") == b"mine"
        assert draft.mode() is None


@pytest.mark.parametrize(("private", "mode"), [(True, 0o600), (False, 0o644)])
def test_what_is_new_has_the_umasks_mode(tmp_path: Path, private: bool, mode: int) -> None:  # noqa: FBT001 - a table
    """Or 0600 for who asks for that."""
    before = os.umask(0o022)
    try:
        with drafted(tmp_path / "new", private=private) as draft:
            published(draft, tmp_path / "new")
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o7777 == mode


def test_a_mode_that_is_given_is_known(plain: Path, linked: Path) -> None:
    """On both routes; the mode that it has is none that was given."""
    for path in (plain.with_name("c"), linked):
        with drafted(path) as draft:
            assert draft.mode() is None
            os.fchmod(draft.fd, 0o612)
            assert draft.mode() == 0o612


@pytest.mark.root
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6700])
def test_setuid_is_no_drafts(plain: Path, mode: int) -> None:
    """Half a program with setuid is nobody's to run: it has it in the end, and lets who takes it away do so."""
    plain.chmod(mode)
    with drafted(plain) as draft:
        assert os.stat(draft.path).st_mode & 0o6000 == 0
        published(draft, plain)
    assert plain.stat().st_mode & 0o7777 == mode
    with drafted(plain) as draft:
        os.fchmod(draft.fd, 0o755)
        published(draft, plain)
    assert plain.stat().st_mode & 0o7777 == 0o755


def test_only_where_nothing_is(tmp_path: Path) -> None:
    """Without ``overwrite`` the kernel decides; the draft is as it was, and may be brought elsewhere."""
    with drafted(tmp_path / "a") as draft:
        with looking(tmp_path / "a") as target:
            (tmp_path / "a").write_bytes(OLD)
            with pytest.raises(Changed):
                draft.publish(target, overwrite=False)
        published(draft, tmp_path / "b", overwrite=False)
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (OLD, NEW)
    assert leftovers_in(tmp_path) == []


def test_swap_compares(plain: Path) -> None:
    """Only over what was read; after an edit both are as they were."""
    with looking(plain) as target:
        old = read_whole(target)
    assert old is not None
    with drafted(plain) as draft:
        with looking(plain) as target:
            plain.write_bytes(b"by: hand\n")
            with pytest.raises(Changed):
                draft.swap(target, old, etag_of(NEW))
        assert (plain.read_bytes(), draft.read()) == (b"by: hand\n", NEW)
        plain.write_bytes(OLD)
        with looking(plain) as target:
            draft.swap(target, old, etag_of(NEW))
    assert (plain.read_bytes(), os.listdir(plain.parent)) == (NEW, ["a"])


def test_it_is_flushed_before_it_is_published(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename of what is not on the disk could leave nothing there."""
    order: list[str] = []
    fsync, rename = os.fsync, os.rename

    def flushed(fd: int) -> None:
        order.append("directory" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        fsync(fd)

    def renamed(*names: str, src_dir_fd: int, dst_dir_fd: int) -> None:
        order.append("rename")
        rename(*names, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "rename", renamed)
    with drafted(plain) as draft:
        published(draft, plain)
    assert order == ["file", "rename", "directory"]


def test_a_flush_that_fails(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old content is there, and nothing beside it once the draft is discarded."""
    with drafted(plain) as draft:
        failing(monkeypatch, "fsync", 5, {1})
        with pytest.raises(IoError, match="the old content is intact"):
            published(draft, plain)
    assert (plain.read_bytes(), os.listdir(plain.parent)) == (OLD, ["a"])


def test_it_takes_over_what_changed_meanwhile(plain: Path) -> None:
    """Mode and attributes that the file was given while it was written."""
    with drafted(plain) as draft:
        plain.chmod(0o640)
        os.setxattr(plain, "user.label", b"late")
        published(draft, plain)
    assert plain.stat().st_mode & 0o7777 == 0o640
    assert os.getxattr(plain, "user.label") == b"late"


def test_another_directory_is_not_beside(plain: Path, tmp_path: Path) -> None:
    """A rename would bring it there, but not at once for both directories; nor is a draft that somebody removed."""
    (tmp_path / "sub").mkdir()
    with drafted(plain) as draft:
        with looking(tmp_path / "sub/a") as target:
            assert not draft.is_beside(target)
        os.unlink(draft.path)
        with looking(plain) as target:
            assert not draft.is_beside(target)


def test_discarded_twice(plain: Path, linked: Path) -> None:
    """It is gone, and so are its descriptors; the second time does nothing."""
    before = os.listdir("/proc/self/fd")
    for path in (plain.with_name("c"), linked):
        with drafted(path) as draft:
            draft.discard()
    assert os.listdir("/proc/self/fd") == before
    assert leftovers_in(plain.parent) == []


def test_discarding_removes_nothing_but_its_own(plain: Path) -> None:
    """Somebody else's file under its name stays."""
    with drafted(plain) as draft:
        os.unlink(draft.path)
        with open(draft.path, "wb") as other:
            other.write(b"theirs")
    with open(draft.path, "rb") as other:
        assert other.read() == b"theirs"


def test_a_closed_directory_is_no_place(public: Path, as_user: AsUser) -> None:
    """In memory."""
    path = public / "a"
    path.write_bytes(OLD)
    os.chown(path, STRANGER, STRANGER)

    def where() -> str:
        with drafted(path) as draft:
            return draft.path

    assert as_user(STRANGER, where).startswith("/proc/self/fd/")
    assert os.listdir(public) == ["a"]
