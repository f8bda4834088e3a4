"""replace_atomic and move_atomic, of the original and of ours."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.support.mounting import Mounts


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A file, and a name in another directory."""
    for name in ("from", "to"):
        (tmp_path / name).mkdir()
    source = tmp_path / "from" / "source"
    source.write_text("new")
    source.chmod(0o640)
    return source, tmp_path / "to" / "target"


@pytest.mark.parametrize("there", [True, False])
def test_replace(module: ModuleType, files: tuple[Path, Path], *, there: bool) -> None:
    """The very file is at its new name, with its mode, whatever was there."""
    source, target = files
    inode = source.stat().st_ino
    if there:
        target.write_text("old")
    assert module.replace_atomic(str(source), str(target)) is None
    assert (target.read_text(), target.stat().st_ino, target.stat().st_mode & 0o777) == ("new", inode, 0o640)
    assert not source.exists()


def test_move(module: ModuleType, files: tuple[Path, Path]) -> None:
    """The very file is at its new name."""
    source, target = files
    inode = source.stat().st_ino
    assert module.move_atomic(str(source), str(target)) is None
    assert (target.read_text(), target.stat().st_ino) == ("new", inode)
    assert not source.exists()


@pytest.mark.parametrize("what", ["file", "directory", "link"])
def test_move_replaces_nothing(module: ModuleType, files: tuple[Path, Path], what: str) -> None:
    """FileExistsError for whatever is there, a link that leads nowhere too; both stay."""
    source, target = files
    match what:
        case "file":
            target.touch()
        case "directory":
            target.mkdir()
        case _:
            target.symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        module.move_atomic(source, target)
    assert source.read_text() == "new"
    assert os.listdir(target.parent) == [target.name]


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
@pytest.mark.parametrize("name", ["replace_atomic", "move_atomic"])
def test_kinds_of_paths(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: Callable[[str | Path], Any]
) -> None:
    """Text, bytes, objects; a bare name is in the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("new")
    getattr(module, name)(kind("a"), kind("b"))
    getattr(module, name)(kind(tmp_path / "b"), kind(tmp_path / "c"))
    assert os.listdir(tmp_path) == ["c"]


@pytest.mark.parametrize("name", ["replace_atomic", "move_atomic"])
def test_what_the_system_says(module: ModuleType, files: tuple[Path, Path], name: str) -> None:
    """A source that is not there, a directory that is not there: ENOENT, and nothing has moved."""
    source, target = files
    move = getattr(module, name)
    assert outcome(lambda: move(source.with_name("none"), target)) == "ENOENT"
    assert outcome(lambda: move(source, target / "deeper")) == "ENOENT"
    assert source.read_text() == "new"
    assert os.listdir(target.parent) == []


def test_replace_onto_a_mounted_file(
    original: ModuleType, ours: ModuleType, files: tuple[Path, Path], tmp_path: Path, mounts: Mounts
) -> None:
    """The original fails with EBUSY; ours puts the bytes in place, and the source is gone all the same."""
    source, target = files
    bound = tmp_path / "bound"
    bound.write_text("old")
    mounts.bind(bound, target)
    assert outcome(lambda: original.replace_atomic(source, target)) == "EBUSY"
    assert (bound.read_text(), source.read_text()) == ("old", "new")
    ours.replace_atomic(source, target)
    assert (bound.read_text(), source.exists()) == ("new", False)


def test_replace_onto_a_file_mounted_read_only(
    ours: ModuleType, files: tuple[Path, Path], tmp_path: Path, mounts: Mounts
) -> None:
    """EROFS says why; the source stays."""
    source, target = files
    (tmp_path / "bound").write_text("old")
    mounts.bind(tmp_path / "bound", target, read_only=True)
    with pytest.raises(OSError, match="read-only") as raised:
        ours.replace_atomic(source, target)
    assert raised.value.errno == errno.EROFS
    assert source.read_text() == "new"
