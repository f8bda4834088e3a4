"""confkeep.save and confkeep.file take any path that ``open`` takes, and name what is wrong with the others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import confkeep
from tests.library.spots import NEW, OLD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confkeep.library.options import StrPath


def by_save(path: StrPath, data: bytes = NEW) -> None:
    """As bytes at once."""
    confkeep.save(path, data)


def by_file(path: StrPath, data: bytes = NEW) -> None:
    """Bit by bit."""
    with confkeep.file(path, "wb") as file:
        file.write(data)


CALLS = pytest.mark.parametrize("write", [by_save, by_file])

NAMES = {
    "no UTF-8": b"caf\xe9\xff",
    "newline": b"a\nb",
    "spaces": b" a  b ",
    "quotes": b"a'b\"c\\",
    "emoji": "🗝".encode(),
    "option": b"-rf",
    "dots": b"...",
    "tilde": b"~",
    "hidden": b".a",
    "variable": b"$HOME",
    "deleted": b"a (deleted)",
    "longest": b"x" * 255,
    "longest UTF-8": "é".encode() * 127,
}


@CALLS
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_odd_names(disk: Path, name: bytes, write: Callable[[StrPath], None]) -> None:
    """Given as bytes, twice: the first creates, the second replaces; nothing else is there."""
    path = os.path.join(os.fsencode(disk), name)
    write(path)
    write(path)
    with open(path, "rb") as file:
        assert file.read() == NEW
    assert os.listdir(os.fsencode(disk)) == [name]


@CALLS
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_odd_names_in_place(disk: Path, name: bytes, write: Callable[[StrPath], None]) -> None:
    """The journal knows them as well."""
    directory = os.path.join(os.fsencode(disk), b"config")
    os.mkdir(directory)
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(OLD)
    os.link(path, os.path.join(directory, b"other"))
    write(path)
    with open(os.path.join(directory, b"other"), "rb") as file:
        assert file.read() == NEW


@CALLS
def test_each_kind_of_path(disk: Path, write: Callable[[StrPath], None]) -> None:
    """A string, bytes, or a path object."""
    paths: list[StrPath] = [disk / "0", os.fspath(disk / "1"), os.fsencode(disk / "2")]
    for number, path in enumerate(paths):
        write(path)
        assert (disk / str(number)).read_bytes() == NEW


@CALLS
def test_relative(disk: Path, write: Callable[[StrPath], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """To the working directory, at the moment of the call."""
    monkeypatch.chdir(disk)
    (disk / "sub").mkdir()
    write("a")
    write("./sub/../b")
    write("sub//c")
    assert (sorted(os.listdir(disk)), os.listdir("sub")) == (["a", "b", "sub"], ["c"])


def test_the_answer_names_the_file_itself(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absolute, and free of links."""
    (disk / "real").mkdir()
    (disk / "link").symlink_to("real")
    monkeypatch.chdir(disk / "link")
    assert confkeep.save("a", NEW).path == os.fspath(disk / "real/a")
    assert confkeep.save("../link/b", NEW).path == os.fspath(disk / "real/b")


@CALLS
@pytest.mark.parametrize("missing", ["no/a", "file/a", "no/../a", "loop"])
def test_a_directory_is_missing(disk: Path, missing: str, write: Callable[[StrPath], None]) -> None:
    """It is not made: whoever mistypes a path is told."""
    (disk / "file").write_bytes(OLD)
    (disk / "loop").symlink_to("loop")
    with pytest.raises(confkeep.NotFound) as caught:
        write(disk / missing)
    assert caught.value.remedy
    assert sorted(os.listdir(disk)) == ["file", "loop"]


@CALLS
@pytest.mark.parametrize("name", ["sub", "sub/", ".", "sub/..", "new/", "sub/new/."])
def test_a_directory_is_not_a_file(disk: Path, name: str, write: Callable[[StrPath], None]) -> None:
    """Nor does a path that ends as one name a file."""
    (disk / "sub").mkdir()
    with pytest.raises((confkeep.BadPath, confkeep.NotARegularFile), match="directory"):
        write(f"{disk}/{name}")
    assert os.listdir(disk) == ["sub"]


@CALLS
def test_a_fifo_is_not_a_file(disk: Path, write: Callable[[StrPath], None]) -> None:
    """Nobody waits for its other end."""
    os.mkfifo(disk / "fifo")
    with pytest.raises(confkeep.NotARegularFile):
        write(disk / "fifo")


@CALLS
@pytest.mark.parametrize("name", ["a\0b", "\0", "x" * 256, "x" * 256 + "/a"])
def test_names_that_no_filesystem_has(disk: Path, name: str, write: Callable[[StrPath], None]) -> None:
    """A NUL, or more than 255 bytes."""
    with pytest.raises((confkeep.BadPath, confkeep.NotFound)):
        write(f"{disk}/{name}")
    assert os.listdir(disk) == []


@CALLS
def test_our_own_temporary_names_are_not_for_saving(disk: Path, write: Callable[[StrPath], None]) -> None:
    """The next sweep would remove what was answered as saved."""
    with pytest.raises(confkeep.BadPath):
        write(disk / ".confkeep-0123456789abcdef.tmp")
    assert os.listdir(disk) == []


@CALLS
def test_a_working_directory_that_is_gone(disk: Path, write: Callable[[StrPath], None]) -> None:
    """What is written there would be lost: refused."""
    (disk / "gone").mkdir()
    before = os.getcwd()
    os.chdir(disk / "gone")
    try:
        (disk / "gone").rmdir()
        with pytest.raises(confkeep.ConfkeepError):
            write("a")
    finally:
        os.chdir(before)


@CALLS
def test_no_descriptor_is_left(disk: Path, write: Callable[[StrPath], None]) -> None:
    """However a call ends."""
    write(disk / "a")
    os.link(disk / "a", disk / "b")
    write(disk / "a")
    before = os.listdir("/proc/self/fd")
    write(disk / "a")
    write(disk / "c")
    for wrong in ("no/a", ".", "a\0"):
        with pytest.raises(confkeep.ConfkeepError):
            write(f"{disk}/{wrong}")
    assert os.listdir("/proc/self/fd") == before
