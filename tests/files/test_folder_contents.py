"""Folders that must stay: mounted ones, and those whose parent directory is closed. Their entries are moved."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import AlreadyExists, IoError, NoPermission, ReadOnly, StaleMount, TargetBusy
from confkeep.files import contents, folder, leftovers, swap, syscalls
from tests.support.faults import raising
from tests.support.folders import NEW, OLD, building, flagged, publish, read, write
from tests.support.looking import leftovers_in, opened
from tests.support.mounting import FILESYSTEMS
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser, Filesystem
    from tests.support.mounting import Mounts


#: The names at the top of OLD and of NEW.
ENTRIES = [sorted({name.partition("/")[0] for name in files}) for files in (OLD, NEW)]


@pytest.fixture
def mounted(mounts: Mounts, disk: Path) -> Path:
    """A folder that holds OLD and is a mount point, of the same filesystem."""
    write(disk / "host", OLD)
    return mounts.bind(disk / "host", disk / "conf")


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_mounted_folder_gets_new_contents(filesystem: Filesystem, mounts: Mounts, disk: Path, name: str) -> None:
    """All entries are the new ones, the folder itself stays, nothing is left; and the answer says how that was done."""
    source = write(filesystem(name) / "host", OLD)
    path = mounts.bind(source, disk / "conf")
    published = publish(path)
    assert read(path) == read(source) == NEW
    assert sorted(os.listdir(path)) == ENTRIES[1]
    assert not published.created
    assert published.guarantees == folder.BY_ENTRY
    assert "mount point" in published.notes[0]


def test_new_first_gone_last(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At no moment a name is missing that both folders have, and none of the old goes before all of the new came."""
    seen: list[set[str]] = []

    def watch(name: str) -> None:
        real = getattr(syscalls, name)

        def watched(directory: int, old: str, new: str) -> None:
            real(directory, old, new)
            seen.append(set(os.listdir(mounted)) - set(leftovers_in(mounted)))

        monkeypatch.setattr(syscalls, name, watched)

    watch("rename_noreplace")
    watch("rename_exchange")
    publish(mounted)
    before, both, after = set(ENTRIES[0]), {"a.yaml", "both", "lost", "gone.yaml", "more.yaml", "next"}, set(ENTRIES[1])
    assert seen == [before | {"more.yaml"}, both, both, both, both - {"gone.yaml"}, after]


def fail_once(patch: pytest.MonkeyPatch, step: str, at: str) -> list[str]:
    """Let this step fail for this entry, the first time; the list tells whether it has."""
    real, done = getattr(contents.Moving, step), list[str]()

    def sometimes(moving: contents.Moving, name: str) -> None:
        if name == at and not done:
            done.append(name)
            raise OSError(errno.EIO, "Input/output error")
        real(moving, name)

    patch.setattr(contents.Moving, step, sometimes)
    return done


STEPS = [
    ("add", "more.yaml"),
    ("add", "next"),
    ("exchange", "a.yaml"),
    ("exchange", "both"),
    ("take", "gone.yaml"),
    ("take", "lost"),
]


@pytest.mark.parametrize("flags", ["with flags", "without"])
def test_a_failing_step_is_undone(mounted: Path, monkeypatch: pytest.MonkeyPatch, flags: str) -> None:
    """Whichever step fails, all is as it was, and nothing else is there."""
    if flags == "without":
        monkeypatch.setattr(syscalls, "rename_exchange", raising(errno.EINVAL))
        monkeypatch.setattr(syscalls, "rename_noreplace", raising(errno.EINVAL))
    for step, name in STEPS:
        with monkeypatch.context() as patch:
            done = fail_once(patch, step, name)
            with pytest.raises(IoError, match="the old content is intact"):
                publish(mounted)
            assert done == [name]
        assert read(mounted) == OLD
        assert leftovers_in(mounted) == []
    publish(mounted)
    assert read(mounted) == NEW
    assert leftovers_in(mounted) == []


def test_what_cannot_be_undone_is_kept_and_told(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the old folder is lost: no sweep removes where it was put."""
    exchange, calls = syscalls.rename_exchange, list[str]()

    def only_once(directory: int, one: str, other: str) -> None:
        calls.append(one)
        if len(calls) > 1:
            raise OSError(errno.EIO, "Input/output error")
        exchange(directory, one, other)

    with monkeypatch.context() as patch:
        patch.setattr(syscalls, "rename_exchange", only_once)
        with pytest.raises(IoError, match=r"could not be put back: a.yaml") as error:
            publish(mounted)
    (kept,) = leftovers_in(mounted)
    assert kept in str(error.value)
    assert not leftovers.is_temporary(kept)
    assert (mounted / kept / "a.yaml").read_bytes() == OLD["a.yaml"]


def test_mounts_inside_are_refused(mounts: Mounts, disk: Path) -> None:
    """Before anything is built, and again before it is published; what is mounted is not touched."""
    path, source = write(disk / "a b", OLD), write(disk / "host", OLD)
    for at in (path / "both", path / "lost" / "y"):
        mounts.bind(source / at.relative_to(path), at)
        with pytest.raises(TargetBusy, match=str(at)), building(path):
            pytest.fail("there was something to fill")
        mounts.unmount(at)
    with building(path) as made:
        mounts.bind(source / "both", path / "both")
        with pytest.raises(TargetBusy, match="both"):
            made.publish()
    mounts.unmount(path / "both")
    assert read(path) == read(source) == OLD
    assert leftovers_in(disk) == []
    publish(path)
    assert read(path) == NEW


def test_mounts_in_a_mounted_folder_are_refused(mounted: Path, mounts: Mounts, disk: Path) -> None:
    """The same there: not one entry is moved."""
    with building(mounted) as made:
        write(Path(made.path), NEW)
        mounts.bind(write(disk / "inner", OLD), mounted / "lost")
        with pytest.raises(TargetBusy, match="lost"):
            made.publish()
    assert (mounted / "a.yaml").read_bytes() == OLD["a.yaml"]
    assert leftovers_in(mounted) == []


def test_what_a_mount_has_covered_does_not_count(mounts: Mounts, disk: Path) -> None:
    """A mount that nobody can reach any more stands in nobody's way."""
    path = write(disk / "conf", OLD)
    mounts.bind(write(disk / "inner", OLD), path / "both")
    mounts.bind(write(disk / "host", OLD), path)
    publish(path)
    assert read(path) == NEW


def test_a_mount_in_the_old_tree_is_not_emptied(mounts: Mounts, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should something be mounted at the last moment: what is mounted stays, and the note tells."""
    path, source = write(disk / "conf", OLD), write(disk / "host", OLD)
    exchange = syscalls.rename_exchange

    def after_a_mount(directory: int, one: str, other: str) -> None:
        mounts.bind(source, path / "both")
        exchange(directory, one, other)

    monkeypatch.setattr(syscalls, "rename_exchange", after_a_mount)
    published = publish(path)
    assert read(path) == NEW
    assert read(source) == OLD
    assert "mount point" in published.notes[0]


def test_something_mounted_over_it_meanwhile(mounts: Mounts, disk: Path) -> None:
    """The building is on another filesystem then: refused, nothing is copied."""
    path = write(disk / "conf", OLD)
    with building(path) as made:
        mounts.bind(write(disk / "host", OLD), path)
        with pytest.raises(TargetBusy, match="mounted"):
            made.publish()
    assert read(path) == OLD
    assert leftovers_in(disk) == []


def test_a_mounted_folder_is_there(mounted: Path) -> None:
    """Without overwrite it is kept."""
    with pytest.raises(AlreadyExists):
        publish(mounted, overwrite=False)
    assert read(mounted) == OLD
    assert leftovers_in(mounted.parent) == []


def test_read_only_and_stale_mounts_are_refused(mounts: Mounts, disk: Path) -> None:
    """Before anything is built, with the reason that a file gets."""
    write(disk / "host", OLD)
    path = mounts.bind(disk / "host", disk / "conf", read_only=True)
    with pytest.raises(ReadOnly, match="read-only mount"):
        publish(path)
    (disk / "removed").mkdir()
    stale = mounts.bind(disk / "removed", disk / "stale")
    (disk / "removed").rmdir()
    with pytest.raises(StaleMount):
        publish(stale)
    assert read(path) == OLD


@pytest.mark.parametrize("sticky", [False, True])
def test_a_closed_parent(public: Path, as_user: AsUser, sticky: bool) -> None:  # noqa: FBT001 - a case
    """Who may write the folder but not its parent, or not take it from its owner, changes what is in it."""
    public.chmod(0o1777 if sticky else 0o755)
    path = write(public / "conf", OLD)
    for directory in (path, *(entry for entry in path.rglob("*") if entry.is_dir())):
        os.chown(directory, OTHER if directory == path else STRANGER, STRANGER)
        directory.chmod(0o770)
    published = as_user(STRANGER, lambda: publish(path))
    assert read(path) == NEW
    assert published.guarantees.inode_kept
    assert "parent directory" in published.notes[0]
    assert os.listdir(public) == ["conf"]


def test_both_closed(public: Path, as_user: AsUser) -> None:
    """Where nothing can be made at all, that is said."""
    path = write(public / "conf", OLD)
    with pytest.raises(NoPermission):
        as_user(STRANGER, lambda: publish(path))


def test_a_child_keeps_nothing_locked(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forked in the middle of a publication, and alive: neither the folder nor the next publication waits for it."""
    go, readable, writable = contents.Moving.go, *os.pipe()
    children: list[int] = []

    def beside_a_child(moving: contents.Moving) -> None:
        children.append(os.fork())
        if children[-1] == 0:
            os.close(writable)
            os.read(readable, 1)
            os._exit(0)
        go(moving)

    monkeypatch.setattr(contents.Moving, "go", beside_a_child)
    monkeypatch.setattr(contents, "_WAIT", 0.0)
    for _ in range(2):
        publish(mounted)
        for path in (mounted, mounted / "next"):
            with opened(path, os.O_RDONLY) as fd:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(writable)
    for child in children:
        os.waitpid(child, 0)
    os.close(readable)


def test_an_entry_that_cannot_be_moved(mounts: Mounts, filesystem: Filesystem, disk: Path) -> None:
    """An immutable one: all that was done before is undone."""
    source = write(filesystem("ext4") / "host", OLD)
    path = mounts.bind(source, disk / "conf")
    with flagged("i", source / "gone.yaml"), pytest.raises(IoError, match="not permitted"):
        publish(path)
    assert read(path) == OLD
    assert leftovers_in(path) == []


def test_a_folder_from_an_image(mounts: Mounts, disk: Path) -> None:
    """An overlay does not rename directories of its lower layers: files in them are replaced one by one ..."""
    write(disk / "lower", {})
    write(disk / "lower" / "conf", {"a.yaml": b"old a", "gone.yaml": b"gone"})
    write(disk / "lower" / "deep", OLD)
    merged = mounts.overlay(disk / "merged", disk)
    published = publish(merged / "conf")
    assert read(merged / "conf") == NEW
    assert "overlay" in published.notes[0]
    assert not published.guarantees.reader_atomic
    # ... and a directory inside cannot go: said, and undone
    with pytest.raises(IoError, match="lower layer"):
        publish(merged / "deep")
    assert read(merged / "deep") == OLD
    assert leftovers_in(merged) == []


def test_a_locked_folder_is_waited_for(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not for ever."""
    monkeypatch.setattr(contents, "_WAIT", 0.0)
    with subprocess.Popen(
        ["flock", mounted, "sh", "-c", "echo locked; read line"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(TargetBusy, match="locked"):
            publish(mounted)
        holder.communicate()
    assert read(mounted) == OLD
    publish(mounted)


def test_names_that_no_sweep_removes() -> None:
    """What is put aside is nobody's temporary file."""
    assert not leftovers.is_temporary(swap.aside())
