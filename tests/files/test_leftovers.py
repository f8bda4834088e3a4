"""confkeep.files.leftovers: temporary files of the dead are swept, those of the living are not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from confkeep.etag import version_of
from confkeep.files import leftovers
from confkeep.files.replace import stage
from tests.support.looking import leftovers_in, looking, opened

if TYPE_CHECKING:
    from pathlib import Path

STAGE_AND_DIE = """
import os, sys
from pathlib import Path
from confkeep.etag import version_of
from confkeep.files.replace import stage
from tests.support.looking import looking
with looking(Path(sys.argv[1])) as target:
    stage(target, version_of(b"never published"), None)
    os.kill(os.getpid(), 9)
"""


def sweep(directory: Path) -> list[str]:
    """Sweep one directory; what was removed."""
    with opened(directory, os.O_RDONLY) as fd:
        return leftovers.sweep(fd).removed


def test_names_are_recognised() -> None:
    """Ours are told from everybody else's."""
    names = {leftovers.temporary_name() for _ in range(100)}
    assert len(names) == 100
    assert all(leftovers.is_temporary(name) for name in names)


@pytest.mark.parametrize(
    "name", ["a.yaml", ".confkeep-0123456789abcdef.tmp~", ".confkeep-0123456789ABCDEF.tmp", ".confkeep-1.tmp", ".tmp"]
)
def test_other_names_are_left_alone(tmp_path: Path, name: str) -> None:
    """Nothing that is not exactly one of our names is removed."""
    (tmp_path / name).touch()
    assert sweep(tmp_path) == []
    assert os.listdir(tmp_path) == [name]


def test_a_dead_makers_file_is_removed(tmp_path: Path) -> None:
    """What a process that was killed while staging left goes with the next sweep."""
    dead = subprocess.run([sys.executable, "-c", STAGE_AND_DIE, tmp_path / "a.yaml"], check=False)
    assert dead.returncode == -9
    (name,) = leftovers_in(tmp_path)
    assert sweep(tmp_path) == [name]
    assert os.listdir(tmp_path) == []


def test_a_living_makers_file_is_kept(tmp_path: Path) -> None:
    """A save that is under way keeps its file, whoever sweeps."""
    with looking(tmp_path / "a.yaml") as target:
        staged = stage(target, version_of(b"alive"), None)
        assert sweep(tmp_path) == []
        staged.publish()
    assert os.listdir(tmp_path) == ["a.yaml"]


def test_a_link_by_that_name_is_left_alone(tmp_path: Path) -> None:
    """A link is not followed, so nobody can have another file removed or locked."""
    (tmp_path / "a.yaml").touch()
    (tmp_path / leftovers.temporary_name()).symlink_to("a.yaml")
    assert sweep(tmp_path) == []
    assert len(os.listdir(tmp_path)) == 2


def test_a_save_sweeps_a_directory_once(tmp_path: Path) -> None:
    """The first save of a process in a directory removes what the dead left; later ones do not look again."""
    for expected in ([], [".confkeep-0123456789abcdef.tmp"]):
        (tmp_path / ".confkeep-0123456789abcdef.tmp").touch()
        with looking(tmp_path / "a.yaml") as target:
            stage(target, version_of(b"x"), None).discard()
        assert leftovers_in(tmp_path) == expected


def test_removing_twice_is_nothing(tmp_path: Path) -> None:
    """That it is gone already is fine."""
    with opened(tmp_path, os.O_RDONLY) as fd:
        leftovers.remove(fd, "gone")
