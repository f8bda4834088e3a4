"""tests/support/passthrough.py: a faithful filesystem, and one that inotify cannot see behind."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, NamedTuple

import pytest

from confkeep.files.mounts import mount_of
from tests.support.passthrough import passthrough

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.mounting import Mounts


class Both(NamedTuple):
    backing: Path
    point: Path


@pytest.fixture
def both(mounts: Mounts, tmp_path: Path) -> Generator[Both]:
    """A directory, and the mount that shows it."""
    made = Both(tmp_path / "backing", tmp_path / "point")
    for path in made:
        path.mkdir()
    with passthrough(*made):
        yield made


def test_it_is_a_fuse_filesystem(both: Both) -> None:
    """By that name a daemon chooses polling."""
    mount = mount_of(both.point)
    assert mount is not None
    assert mount.fs_type == "fuse.passthrough"


def test_what_is_done_in_the_mount_is_done_behind_it(both: Both) -> None:
    """Files of many blocks, directories, renames over one another, modes, times, removals."""
    data = os.urandom(3_000_001)
    (both.point / "one" / "two").mkdir(parents=True)
    (both.point / "one" / "a.bin").write_bytes(data)
    assert (both.backing / "one" / "a.bin").read_bytes() == (both.point / "one" / "a.bin").read_bytes() == data
    (both.point / "b.bin").write_bytes(b"old")
    (both.point / "one" / "a.bin").rename(both.point / "b.bin")
    (both.point / "b.bin").chmod(0o640)
    os.utime(both.point / "b.bin", ns=(1, 2))
    found = (both.backing / "b.bin").stat()
    assert (found.st_size, found.st_mode & 0o777, found.st_mtime_ns) == (len(data), 0o640, 2)
    with (both.point / "b.bin").open("r+b") as file:
        file.truncate(7)
        file.seek(0, os.SEEK_END)
        file.write(b"end")
        os.fsync(file.fileno())
    with (both.point / "b.bin").open("ab") as file:
        file.write(b"!")
    assert (both.backing / "b.bin").read_bytes() == data[:7] + b"end!"
    shutil.rmtree(both.point / "one")
    (both.point / "b.bin").unlink()
    assert list(both.backing.iterdir()) == []


def test_what_is_done_behind_it_is_seen_in_the_mount(both: Both) -> None:
    """The next reader sees it: a file written in place, replaced, gone, a directory of a thousand."""
    shown, behind = both.point / "a.yaml", both.backing / "a.yaml"
    behind.write_bytes(b"old")
    assert shown.read_bytes() == b"old"
    behind.write_bytes(b"newer")
    assert (shown.read_bytes(), shown.stat().st_size) == (b"newer", 5)
    (both.backing / "new").write_bytes(b"other")
    (both.backing / "new").rename(behind)
    assert (shown.read_bytes(), shown.stat().st_ino) == (b"other", behind.stat().st_ino)
    behind.unlink()
    assert not shown.exists()
    for number in range(1_000):
        (both.backing / f"{number}.yaml").touch()
    assert sorted(os.listdir(both.point)) == sorted(os.listdir(both.backing))


def test_what_it_cannot_do_it_says(both: Both) -> None:
    """No exchange of two files, no attributes, nothing where nothing is."""
    (both.point / "a.yaml").touch()
    with pytest.raises(FileNotFoundError):
        (both.point / "b.yaml").read_bytes()
    with pytest.raises(FileExistsError):
        (both.point / "a.yaml").open("xb")
    with pytest.raises(OSError, match="Operation not supported"):
        os.setxattr(both.point / "a.yaml", "user.a", b"1")
    (both.point / "full").mkdir()
    (both.point / "full" / "a.yaml").touch()
    with pytest.raises(OSError, match="not empty"):
        (both.point / "full").rmdir()
