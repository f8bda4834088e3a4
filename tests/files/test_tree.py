"""confkeep.files.tree: a whole tree is flushed, or removed."""

from __future__ import annotations

import errno
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from confkeep.files import syscalls, tree
from tests.support.faults import failing
from tests.support.folders import OLD, write
from tests.support.looking import opened
from tests.support.mounting import FILESYSTEMS
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem
    from tests.support.mounting import Mounts


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is flushed: paths, and the whole filesystem."""
    seen: list[str] = []
    fsync, syncfs = os.fsync, syscalls.syncfs

    def one(fd: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{fd}"))
        fsync(fd)

    def whole(fd: int) -> None:
        seen.append("all")
        syncfs(fd)

    monkeypatch.setattr(os, "fsync", one)
    monkeypatch.setattr(syscalls, "syncfs", whole)
    return seen


def flush(path: Path) -> None:
    """Flush a tree."""
    with opened(path, os.O_RDONLY) as fd:
        tree.flush(fd)


def remove(path: Path) -> OSError | None:
    """Remove a tree."""
    with opened(path.parent, os.O_RDONLY) as parent:
        return tree.remove(parent, path.name)


def test_a_small_tree_is_flushed_file_by_file(disk: Path, flushed: list[str]) -> None:
    """Each file and each directory, and nothing that is no file."""
    path = write(disk / "conf", {"a": b"1", "b/c": b"2", "b/d/e": b"3"})
    (path / "link").symlink_to("/etc/passwd")
    os.mkfifo(path / "fifo")
    flush(path)
    assert sorted(flushed) == sorted(os.fspath(path / name) for name in ("", "a", "b", "b/c", "b/d", "b/d/e"))


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_large_tree_is_flushed_at_once(filesystem: Filesystem, flushed: list[str], name: str) -> None:
    """By one syncfs; but on an overlay, which does not tell of all errors, file by file."""
    path = write(filesystem(name) / "conf", {f"{number}/x": b"1" for number in range(20)})
    flush(path)
    assert len(flushed) == (41 if name == "overlay" else 1)
    assert ("all" in flushed) == (name != "overlay")


@pytest.mark.parametrize("release", ["5.7.19-generic", "4.19.0", "5.8", "6.18.44-x"])
def test_old_kernels_tell_of_no_errors(
    disk: Path, flushed: list[str], monkeypatch: pytest.MonkeyPatch, release: str
) -> None:
    """Before Linux 5.8 each file is flushed by itself."""
    path = write(disk / "conf", {str(number): b"1" for number in range(20)})
    found = os.uname()
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((*found[:2], release, *found[3:])))
    flush(path)
    assert (flushed == ["all"]) == (release[0] == "6" or release == "5.8")


def test_closed_files_are_flushed_all_the_same(public: Path, as_user: AsUser) -> None:
    """Who may not read a file of his own flushes the filesystem."""
    public.chmod(0o777)
    seen: list[str] = []

    def attempt() -> list[str]:
        path = write(public / "conf", {"a": b"1"})
        (path / "a").chmod(0)
        syscalls.syncfs = lambda fd: seen.append("all" * (fd > 0))
        flush(path)
        return seen

    assert as_user(STRANGER, attempt) == ["all"]


def test_a_failing_flush_is_told(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each file."""
    path = write(disk / "conf", {"a": b"1", "b": b"2"})
    for call in (1, 2, 3):
        with monkeypatch.context() as patch:
            failing(patch, "fsync", errno.EIO, {call})
            with pytest.raises(OSError, match="Input/output error"):
                flush(path)


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_tree_is_removed(filesystem: Filesystem, name: str) -> None:
    """With all that is in it; links are removed and not followed; what is not there need not be removed."""
    directory = filesystem(name)
    kept = write(directory / "kept", OLD)
    path = write(directory / "conf", OLD)
    (path / "link").symlink_to(kept)
    (path / "both" / "file").symlink_to(kept / "a.yaml")
    os.mkfifo(path / "fifo")
    assert remove(path) is None
    assert remove(path) is None
    assert os.listdir(directory) == ["kept"]
    assert (kept / "a.yaml").exists()


def test_a_link_is_no_tree(disk: Path) -> None:
    """A link of that name is left alone, and what it leads to."""
    write(disk / "kept", OLD)
    (disk / "link").symlink_to("kept")
    assert remove(disk / "link") is not None
    assert (disk / "link").is_symlink()
    assert (disk / "kept" / "a.yaml").exists()


def test_mounts_are_not_entered(mounts: Mounts, disk: Path) -> None:
    """What is mounted in the tree keeps its content; all else goes."""
    path, source = write(disk / "conf", OLD), write(disk / "host", OLD)
    mounts.bind(source, path / "both")
    mounts.bind(source / "a.yaml", path / "lost" / "y")
    error = remove(path)
    assert error is not None
    assert error.errno == errno.EBUSY
    assert sorted(os.listdir(path)) == ["both", "lost"]
    assert (source / "both" / "x").exists()


def test_what_can_go_goes(disk: Path) -> None:
    """One thing that stays keeps nothing else."""
    path = write(disk / "conf", OLD)
    subprocess.run(["chattr", "+i", path / "both" / "x"], check=True)
    try:
        error = remove(path)
    finally:
        subprocess.run(["chattr", "-i", path / "both" / "x"], check=True)
    assert error is not None
    assert error.filename == "x"
    assert [os.fspath(found.relative_to(path)) for found in path.rglob("*")] == ["both", "both/x"]


def test_a_very_deep_tree_is_left(disk: Path) -> None:
    """Nobody makes us run out of descriptors or of stack."""
    directory = disk
    for _ in range(300):
        directory = directory / "d"
    directory.mkdir(parents=True)
    error = remove(disk / "d")
    assert error is not None
    assert "deep" in str(error)
    assert directory.exists()


def test_two_remove_the_same_tree(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process takes away each thing just before we do: that is fine, too."""
    path = write(disk / "conf", OLD)
    for name in ("unlink", "rmdir"):
        real = getattr(os, name)

        def twice(entry: str, *, dir_fd: int, real: Callable[..., None] = real) -> None:
            real(entry, dir_fd=dir_fd)
            real(entry, dir_fd=dir_fd)

        monkeypatch.setattr(os, name, twice)
    assert remove(path) is None
    assert not path.exists()
