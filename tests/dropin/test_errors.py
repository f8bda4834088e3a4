"""What is raised when a write cannot be done: OSError with the errno that 1.4.1 gives, and in ours with a reason."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import ConfkeepError
from tests.dropin.writing import outcome, put
from tests.support.mounting import fill
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import ModuleType

    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.mounting import Mounts


def _directory(at: Path) -> Path:
    (at / "a").mkdir()
    return at / "a"


def _below_a_file(at: Path) -> Path:
    (at / "file").touch()
    return at / "file" / "a"


def _below_a_loop(at: Path) -> Path:
    (at / "loop").symlink_to("loop")
    return at / "loop" / "a"


def _fifo(at: Path) -> Path:
    os.mkfifo(at / "a")
    return at / "a"


def _dangling(at: Path) -> Path:
    (at / "a").symlink_to("nowhere")
    return at / "a"


def _missing(at: Path) -> Path:
    return at / "missing" / "a"


def _long(at: Path) -> Path:
    return at / ("x" * 256)


#: What is made in a fresh directory, and what a write there fails with: with overwrite, and without.
IMPOSSIBLE: dict[Callable[[Path], Path], tuple[str, str]] = {
    _missing: ("ENOENT", "ENOENT"),
    _below_a_file: ("ENOTDIR", "ENOTDIR"),
    _below_a_loop: ("ELOOP", "ELOOP"),
    _long: ("ENAMETOOLONG", "ENAMETOOLONG"),
    _directory: ("EISDIR", "EEXIST"),
}


@pytest.mark.parametrize("make", IMPOSSIBLE)
def test_paths_that_cannot_be_written(module: ModuleType, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """The errno says what is wrong with the path."""
    path = make(tmp_path)
    found = tuple(outcome(partial(put, module, path, overwrite=over)) for over in (True, False))
    assert found == IMPOSSIBLE[make]


@pytest.mark.parametrize("path", ["missing/", "directory/", "file/"])
def test_paths_that_end_in_a_slash(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """They name no file: OSError, and nothing has changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "directory").mkdir()
    (tmp_path / "file").write_text("old")
    with pytest.raises(OSError, match=r"\w"):
        put(module, path)
    assert sorted(os.listdir(tmp_path)) == ["directory", "file"]
    assert (tmp_path / "file").read_text() == "old"


def test_a_path_with_nul(module: ModuleType, tmp_path: Path) -> None:
    """ValueError, as of open."""
    with pytest.raises(ValueError, match="null byte"):
        put(module, tmp_path / "a\0b")


@pytest.mark.parametrize("make", [_directory, _fifo, _dangling])
def test_something_that_came_meanwhile(module: ModuleType, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """Without overwrite whatever is there is FileExistsError, and stays; a link is not followed."""
    with pytest.raises(FileExistsError), module.atomic_write(tmp_path / "a"):
        make(tmp_path)
    assert os.listdir(tmp_path) == ["a"]
    assert not (tmp_path / "a").is_file()


@pytest.mark.parametrize("make", [_directory, _fifo, _dangling])
def test_something_that_was_there_before(module: ModuleType, tmp_path: Path, make: Callable[[Path], Path]) -> None:
    """The same, and only after all was written."""
    make(tmp_path)
    written = False
    with pytest.raises(FileExistsError), module.atomic_write(tmp_path / "a"):
        written = True
    assert written
    assert os.listdir(tmp_path) == ["a"]


@contextmanager
def immutable(path: Path) -> Generator[None]:
    """``chattr +i`` inside the ``with``."""
    subprocess.run(["chattr", "+i", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_an_immutable_file(module: ModuleType, filesystem: Filesystem) -> None:
    """PermissionError, or FileExistsError without overwrite."""
    path = filesystem("ext4") / "a"
    path.write_text("old")
    with immutable(path):
        assert outcome(lambda: put(module, path)) == "EPERM"
        assert outcome(lambda: put(module, path, overwrite=False)) == "EEXIST"
    assert os.listdir(path.parent) == ["a"]


def test_a_read_only_filesystem(module: ModuleType, tmp_path: Path, mounts: Mounts) -> None:
    """EROFS for a new file and for one that is there."""
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "a").write_text("old")
    at = mounts.bind(tmp_path / "host", tmp_path / "inside", read_only=True)
    assert outcome(lambda: put(module, at / "a")) == "EROFS"
    assert outcome(lambda: put(module, at / "b")) == "EROFS"
    assert outcome(lambda: put(module, at / "b", overwrite=False)) == "EROFS"


def test_a_new_file_in_a_closed_directory(module: ModuleType, public: Path, as_user: AsUser) -> None:
    """EACCES."""
    assert as_user(STRANGER, lambda: outcome(lambda: put(module, public / "a"))) == "EACCES"


def test_a_file_of_another_user_without_overwrite(module: ModuleType, public: Path, as_user: AsUser) -> None:
    """That it could not be written does not matter: it is there."""
    public.chmod(0o777)
    (public / "a").write_text("old")
    assert as_user(STRANGER, lambda: outcome(lambda: put(module, public / "a", overwrite=False))) == "EEXIST"


@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk(module: ModuleType, small: Small, *, there: bool) -> None:
    """ENOSPC; the old content is intact, and nothing is left of the new one."""
    path = small("ext4", 16) / "conf" / "a"
    path.parent.mkdir()
    if there:
        path.write_text("old")
    fill(path.parent.parent, leave=64 << 10)
    assert outcome(lambda: put(module, path, "x" * (1 << 20))) == "ENOSPC"
    assert os.listdir(path.parent) == (["a"] if there else [])
    assert not there or path.read_text() == "old"


REFUSED: dict[str, Callable[[Path], Path]] = {
    "a directory": _directory,
    "a FIFO": _fifo,
    "does not exist": _missing,
    "is not a directory": _below_a_file,
    "symbolic links": _below_a_loop,
    "longer than": _long,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_our_errors_say(ours: ModuleType, tmp_path: Path, reason: str) -> None:
    """Path, reason and remedy in the message; the path as filename; the named error as cause."""
    path = REFUSED[reason](tmp_path)
    with pytest.raises(OSError, match=reason) as raised:
        put(ours, path)
    error = raised.value
    assert error.filename == str(path)
    assert isinstance(error.__cause__, ConfkeepError)
    assert error.__cause__.remedy
    assert f"{error.__cause__.detail} [{error.__cause__.remedy}]" == error.strerror


def test_what_is_no_directory_is_not_called_one(ours: ModuleType, tmp_path: Path) -> None:
    """A FIFO is refused, but not by IsADirectoryError."""
    path = _fifo(tmp_path)
    assert outcome(lambda: put(ours, path)) == "EINVAL"


def test_what_our_error_says_of_a_file_that_is_there(ours: ModuleType, tmp_path: Path) -> None:
    """The same for FileExistsError."""
    (tmp_path / "a").touch()
    with pytest.raises(FileExistsError, match=r"exists already.*overwrite=True") as raised:
        put(ours, tmp_path / "a", overwrite=False)
    assert raised.value.filename == str(tmp_path / "a")
