"""What the tests of atomicwrites 1.4.1 and the behaviour of atomik 0.0.3rc1 ask of a writer, asked of confkeep.file.

Two things differ on purpose: ``overwrite=True`` is the default, and an exception in the body leaves no temporary file
(atomik leaves it).
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

import pytest

import confkeep
from tests.library.spots import opened, written

if TYPE_CHECKING:
    from pathlib import Path

TEXT_OR_BYTES = pytest.mark.parametrize(
    ("mode", "one", "two"), [("w", "hoho", "haha"), ("wb", b"hoho", b"haha")], ids=["text", "bytes"]
)


def content(path: Path, like: str | bytes) -> str | bytes:
    """What is in the file, as text or bytes."""
    return path.read_text() if isinstance(like, str) else path.read_bytes()


@TEXT_OR_BYTES
def test_atomic_write(disk: Path, mode: str, one: str | bytes, two: str | bytes) -> None:
    """atomicwrites, test_atomic_write: written twice; not where something is, with EEXIST; one file in the end."""
    path = disk / "ha"
    for _ in range(2):
        written(os.fspath(path), one, mode=mode, overwrite=True)
    with pytest.raises(OSError, match="exists already") as caught:
        written(path, two, mode=mode, overwrite=False)
    assert caught.value.errno == errno.EEXIST
    assert content(path, one) == one
    assert os.listdir(disk) == ["ha"]


def test_teardown(disk: Path) -> None:
    """atomicwrites, test_teardown: after an exception there is nothing."""
    with pytest.raises(AssertionError), confkeep.file(disk / "ha", overwrite=True):
        raise AssertionError
    assert os.listdir(disk) == []


@TEXT_OR_BYTES
def test_replace_simultaneously_created_file(disk: Path, mode: str, one: str | bytes, two: str | bytes) -> None:
    """atomicwrites, of that name: a file that came meanwhile is replaced."""
    path = disk / "ha"
    with opened(path, mode=mode, overwrite=True) as file:
        file.write(one)
        path.write_text("harhar")
        assert path.read_text() == "harhar"
    assert content(path, two) == one
    assert os.listdir(disk) == ["ha"]


def test_dont_remove_simultaneously_created_file(disk: Path) -> None:
    """atomicwrites, of that name: a file that came meanwhile stays."""
    path = disk / "ha"
    late = confkeep.file(path, overwrite=False)
    late.__enter__().write("hoho")
    path.write_text("harhar")
    with pytest.raises(OSError, match="exists already") as caught:
        late.__exit__(None, None, None)
    assert caught.value.errno == errno.EEXIST
    assert path.read_text() == "harhar"
    assert os.listdir(disk) == ["ha"]


def test_open_reraise(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """atomicwrites, of that name: the caller's exception comes out, even where the draft cannot be discarded."""
    from confkeep.files.draft import Draft

    discard = Draft.discard

    def fails(draft: Draft) -> None:
        discard(draft)
        raise ZeroDivisionError

    monkeypatch.setattr(Draft, "discard", fails)
    with pytest.raises((AssertionError, ZeroDivisionError)) as caught, confkeep.file(disk / "ha", overwrite=False):
        raise AssertionError("on purpose")
    chain: list[BaseException | None] = [caught.value, caught.value.__context__]
    assert any(isinstance(error, AssertionError) and str(error) == "on purpose" for error in chain)


def test_atomic_write_in_pwd(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """atomicwrites, of that name: a name without a directory."""
    monkeypatch.chdir(disk)
    for _ in range(2):
        with confkeep.file("ha", overwrite=True) as file:
            file.write("hoho")
    with pytest.raises(OSError, match="exists already") as caught, confkeep.file("ha", overwrite=False) as file:
        file.write("haha")
    assert caught.value.errno == errno.EEXIST
    assert (disk / "ha").read_text() == "hoho"
    assert os.listdir(disk) == ["ha"]


@TEXT_OR_BYTES
@pytest.mark.parametrize("overwrite", [True, False])
def test_atomik_file(disk: Path, overwrite: bool, mode: str, one: Any, two: Any) -> None:  # noqa: ANN401, FBT001 - a table
    """atomik, ``file``: created, by path or by string; nothing is there under its name before the end."""
    for path in (disk / "path", os.fspath(disk / "string")):
        with opened(path, mode=mode, overwrite=overwrite) as file:
            file.write(one)
            file.write(two)
            assert not os.path.exists(path)
    assert content(disk / "path", one) == content(disk / "string", one) == one + two
    assert sorted(os.listdir(disk)) == ["path", "string"]


def test_atomik_file_keeps_what_is_there_on_an_exception(disk: Path) -> None:
    """atomik, ``file``: the body's exception leaves the old content."""
    (disk / "a").write_text("old")
    with pytest.raises(KeyError):
        written(disk / "a", "new", then=KeyError())
    assert ((disk / "a").read_text(), os.listdir(disk)) == ("old", ["a"])


def test_atomik_rename_takes_the_inode(disk: Path) -> None:
    """atomik, ``file(overwrite=True)``: who has the old file open keeps reading it."""
    (disk / "a").write_text("old")
    with (disk / "a").open() as reader:
        with confkeep.file(disk / "a", overwrite=True) as file:
            file.write("new")
        assert (reader.read(), (disk / "a").read_text()) == ("old", "new")
