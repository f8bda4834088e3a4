"""What atomik 0.0.3rc1 does with folders, and what it leaves undone.

Its ``folder(name, overwrite=False, tmp_dir=None)`` gives a temporary directory, renames it without replacing, or
exchanges it and removes the old one. Left undone there: an exception in the body leaves the temporary directory,
``overwrite`` of nothing fails, nothing is flushed, and the mode is that of mkdtemp (0700).
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import AlreadyExists
from tests.support.folders import NEW, OLD, building, publish, read, write

if TYPE_CHECKING:
    from confkeep.files.folder import Building
    from tests.support.fixtures import Filesystem


class InTheBody(Exception):
    """What the caller's own code raises."""


@pytest.fixture
def path(on: str, filesystem: Filesystem) -> Path:
    """Where a folder is to be, on each filesystem in turn; nothing is there, and nothing beside it."""
    return filesystem(on) / "result_folder"


def test_a_folder_appears_when_it_is_complete(path: Path) -> None:
    """Its name leads nowhere until the end; then all files are there, and the temporary directory is gone."""
    with building(path, overwrite=False) as made:
        assert Path(made.path).is_dir()
        write(Path(made.path), NEW)
        assert not path.exists()
        made.publish()
        assert not os.path.exists(made.path)
    assert read(path) == NEW
    assert os.listdir(path.parent) == [path.name]


def test_without_overwrite_what_is_there_stays(path: Path) -> None:
    """An error that is a FileExistsError too; here the temporary directory is gone even so."""
    write(path, OLD)
    with pytest.raises(AlreadyExists) as error:
        publish(path, overwrite=False)
    assert isinstance(error.value, FileExistsError)
    assert str(path) in str(error.value)
    assert read(path) == OLD
    assert os.listdir(path.parent) == [path.name]


def test_with_overwrite_the_old_folder_goes(path: Path) -> None:
    """Nothing of it is in the new one, and it is not beside it."""
    write(path, OLD)
    with building(path) as made:
        write(Path(made.path), NEW)
        assert read(path) == OLD
        made.publish()
    assert read(path) == NEW
    assert os.listdir(path.parent) == [path.name]


def test_with_overwrite_nothing_need_be_there(path: Path) -> None:
    """Where atomik's exchange fails, the folder is created."""
    assert publish(path).created
    assert read(path) == NEW


@pytest.mark.parametrize("before", [None, OLD])
def test_an_exception_in_the_body(path: Path, before: dict[str, bytes] | None) -> None:
    """What was there stays, and the temporary directory, which atomik leaves, is gone."""
    if before is not None:
        write(path, before)

    def body(made: Building) -> None:
        write(Path(made.path), NEW)
        raise InTheBody

    with pytest.raises(InTheBody), building(path) as made:
        body(made)
    assert read(path) == before
    assert os.listdir(path.parent) == ([] if before is None else [path.name])


def test_others_may_read_it(path: Path) -> None:
    """The mode is that of any new directory, and not the closed one of a temporary one."""
    publish(path)
    (path.parent / "mkdir").mkdir()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((path.parent / "mkdir").stat().st_mode)


def test_no_descriptor_stays_open(path: Path) -> None:
    """Publishing and discarding close all that they opened."""
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        publish(path)
        with building(path):
            pass
        with pytest.raises(AlreadyExists):
            publish(path, overwrite=False)
    assert len(os.listdir("/proc/self/fd")) == before
