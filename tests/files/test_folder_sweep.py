"""Buildings of the dead are swept, those of the living are not, and never what has been published."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import etag_of
from confkeep.files import leftovers, tree
from tests.support.folders import NEW, OLD, building, publish, read, write
from tests.support.looking import leftovers_in, opened
from tests.support.sites import in_a_child
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser


def sweep(directory: Path) -> list[str]:
    """Sweep one directory; what was removed."""
    with opened(directory, os.O_RDONLY) as fd:
        return leftovers.sweep(fd).removed


def dead(directory: Path, name: str = "") -> Path:
    """What a maker that was killed left."""
    return write(directory / (name or leftovers.temporary_name()), OLD)


def test_a_dead_makers_tree_is_removed(disk: Path) -> None:
    """By the next sweep, and by the next building in that directory."""
    path = disk / "conf"

    def die() -> None:
        with building(path) as made:
            write(Path(made.path), NEW)
            os.kill(os.getpid(), signal.SIGKILL)

    in_a_child(die)
    (left,) = os.listdir(disk)
    assert sweep(disk) == [left]
    in_a_child(die)
    publish(path)
    assert os.listdir(disk) == ["conf"]


def test_a_living_makers_tree_is_kept(disk: Path) -> None:
    """From its first moment on, whoever sweeps."""
    with building(disk / "conf") as made:
        write(Path(made.path), NEW)
        assert in_a_child(lambda: sweep(disk)) == []
        made.publish()
    assert read(disk / "conf") == NEW


def test_a_child_does_not_keep_the_new_folder_locked(disk: Path) -> None:
    """It was forked while the folder was built: what the lock was for is over when it is published."""
    readable, writable = os.pipe()
    with building(disk / "conf") as made:
        child = os.fork()
        if child == 0:
            os.close(writable)
            os.read(readable, 1)
            os._exit(0)
        made.publish()
    with opened(disk / "conf", os.O_RDONLY) as fd:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(writable)
    os.waitpid(child, 0)
    os.close(readable)


def test_a_tree_that_was_swept_before_it_was_locked(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between mkdir and flock another process's sweep may come by: another directory is made."""
    flock, swept = fcntl.flock, list[str]()

    def after_a_sweep(fd: int, operation: int) -> None:
        if not swept:
            swept.extend(in_a_child(lambda: sweep_with(flock)))
        flock(fd, operation)

    def sweep_with(real: object) -> list[str]:
        monkeypatch.setattr(fcntl, "flock", real)
        return sweep(disk)

    monkeypatch.setattr(fcntl, "flock", after_a_sweep)
    with building(disk / "conf") as made:
        assert os.path.samestat(os.stat(made.path), os.fstat(made.fd))
        write(Path(made.path), NEW)
        made.publish()
    assert len(swept) == 1
    assert read(disk / "conf") == NEW
    assert os.listdir(disk) == ["conf"]


def test_what_was_published_meanwhile_is_kept(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that opened a building just before it was published does not empty the folder."""
    path = write(disk / "conf", OLD)
    flock = fcntl.flock
    with building(path) as made:
        write(Path(made.path), NEW)

        def after_the_publication(fd: int, operation: int) -> None:
            monkeypatch.setattr(fcntl, "flock", flock)
            made.publish()
            flock(fd, operation)

        monkeypatch.setattr(fcntl, "flock", after_the_publication)
        assert sweep(disk) == []
    assert read(path) == NEW


@pytest.mark.parametrize("name", [f".confkeep-0123456789abcdef-{etag_of(b'')[:16]}-{etag_of(b'1')[:16]}.tmp", ".tmp"])
def test_other_directories_are_left_alone(disk: Path, name: str) -> None:
    """Directories have no name with hashes in it: we never made that."""
    dead(disk, name)
    (disk / "link").mkdir()
    (disk / leftovers.temporary_name()).symlink_to("link")
    assert sweep(disk) == []
    assert read(disk / name) == OLD


def test_only_what_is_ours_to_remove(public: Path, as_user: AsUser) -> None:
    """Another user's tree stays, and stops neither a sweep nor a folder."""
    public.chmod(0o1777)
    theirs = dead(public)
    theirs.chmod(0o700)
    os.chown(theirs, OTHER, OTHER)

    def attempt() -> list[str]:
        mine = dead(public).name
        assert sweep(public) == [mine]
        publish(public / "conf")
        return os.listdir(public)

    assert sorted(as_user(STRANGER, attempt)) == sorted(["conf", theirs.name])


def test_two_sweeps_of_one_tree(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a sweep finds removed by another one is no failure."""
    path = dead(disk)
    remove = tree.remove

    def after_another(parent: int, name: str) -> OSError | None:
        remove(parent, name)
        return remove(parent, name)

    monkeypatch.setattr(tree, "remove", after_another)
    assert sweep(disk) == [path.name]
    assert leftovers_in(disk) == []


def test_the_command_sweeps_trees(disk: Path) -> None:
    """``confkeep sweep`` names them like files."""
    (disk / "deep").mkdir()
    path = dead(disk / "deep")
    done = subprocess.run([sys.executable, "-m", "confkeep", "sweep", disk], capture_output=True, text=True, check=True)
    assert done.stdout == f"removed {path}\n"
    assert os.listdir(disk / "deep") == []
