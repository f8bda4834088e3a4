"""What atomicwrites 1.4.1 promises to who writes a file with it, shown of the original and of ours."""

from __future__ import annotations

import errno
import inspect
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import descriptors, fail, mode_of, put, write

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where nothing is yet, alone in its directory."""
    (tmp_path / "conf").mkdir()
    return tmp_path / "conf" / "a.txt"


def names(path: Path) -> list[str]:
    """What is in the directory."""
    return sorted(os.listdir(path.parent))


def test_nothing_is_seen_before_the_end(module: ModuleType, path: Path) -> None:
    """A new file appears when the block ends; in it, nothing is at its name."""
    with module.atomic_write(path) as file:
        file.write("new")
        file.flush()
        assert not path.exists()
    assert path.read_text() == "new"
    assert names(path) == [path.name]


def test_overwrite_replaces_at_the_end(module: ModuleType, path: Path) -> None:
    """With overwrite the old content is there until the block ends, as often as it is done."""
    path.write_text("old")
    for content in ("first", "second, and longer", ""):
        before = path.read_text()
        with module.atomic_write(path, overwrite=True) as file:
            file.write(content)
            file.flush()
            assert path.read_text() == before
        assert path.read_text() == content
    assert names(path) == [path.name]


def test_without_overwrite_what_is_there_stays(module: ModuleType, path: Path) -> None:
    """The default: FileExistsError, but only after all was written; nothing else is left."""
    path.write_text("old")
    done: list[str] = []
    with pytest.raises(FileExistsError) as raised:
        write(module, path, lambda file: file.write("new"), lambda file: file.flush(), lambda _: done.append("all"))
    assert done == ["all"]
    assert raised.value.errno == errno.EEXIST
    assert path.read_text() == "old"
    assert names(path) == [path.name]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_that_came_meanwhile(module: ModuleType, path: Path, *, overwrite: bool) -> None:
    """It is replaced, or stays: overwrite is decided at the end, not at the beginning."""
    try:
        with module.atomic_write(path, overwrite=overwrite) as file:
            file.write("ours")
            path.write_text("theirs")
        raised = False
    except FileExistsError:
        raised = True
    assert raised is not overwrite
    assert path.read_text() == ("ours" if overwrite else "theirs")
    assert names(path) == [path.name]


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_file_that_went_meanwhile(module: ModuleType, path: Path, *, overwrite: bool) -> None:
    """It is made anew."""
    path.write_text("old")
    with module.atomic_write(path, overwrite=overwrite) as file:
        file.write("ours")
        path.unlink()
    assert path.read_text() == "ours"
    assert names(path) == [path.name]


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("there", [True, False])
def test_an_exception_leaves_everything_as_it_was(
    module: ModuleType, path: Path, kind: type[BaseException], *, there: bool
) -> None:
    """Whatever the block raises comes out as it is; no file, no temporary file, no descriptor stays behind."""
    if there:
        path.write_text("old")
    put(module, path.with_name("b.txt"))
    before, sent = descriptors(), kind("sent")
    with pytest.raises(kind) as raised:
        write(module, path, lambda file: file.write("new"), lambda _: fail(sent), overwrite=True)
    assert raised.value is sent
    assert names(path) == ([path.name] if there else []) + ["b.txt"]
    assert not there or path.read_text() == "old"
    assert descriptors() == before


def test_no_descriptor_stays_open(module: ModuleType, path: Path) -> None:
    """Neither after a write nor after one that failed."""
    put(module, path)
    before = descriptors()
    put(module, path)
    with pytest.raises(FileExistsError):
        put(module, path, overwrite=False)
    assert descriptors() == before


@pytest.mark.parametrize("mode", ["a", "ab", "wa", "x", "xb", "wx", "r", "rb", "r+", "b", ""])
def test_modes_that_do_not_write_a_whole_file(module: ModuleType, path: Path, mode: str) -> None:
    """ValueError, before anything is opened."""
    with pytest.raises(ValueError, match=r"\w"):
        module.AtomicWriter(path, mode=mode)
    with pytest.raises(ValueError, match=r"\w"):
        module.atomic_write(path, mode=mode)
    assert names(path) == []


@pytest.mark.parametrize(
    ("options", "written", "found"),
    [
        ({}, "a\nb", b"a\nb"),
        ({"mode": "wt", "encoding": "utf-16-le"}, "ä", b"\xe4\x00"),
        ({"encoding": "ascii", "errors": "replace"}, "ä", b"?"),
        ({"newline": "\r\n"}, "a\nb\n", b"a\r\nb\r\n"),
        ({"buffering": 1}, "a\nb", b"a\nb"),
        ({"mode": "wb"}, b"\x00\xff\r\n", b"\x00\xff\r\n"),
        ({"mode": "wb", "buffering": 0}, b"unbuffered", b"unbuffered"),
    ],
)
def test_what_open_is_told(
    module: ModuleType, path: Path, options: dict[str, Any], written: str | bytes, found: bytes
) -> None:
    """Mode and keywords are those of open."""
    with module.atomic_write(path, **options) as file:
        file.write(written)
    assert path.read_bytes() == found


@pytest.mark.parametrize(("mode", "content"), [("w+", "new"), ("w+b", b"new"), ("wb+", b"new")])
def test_read_back_what_was_written(module: ModuleType, path: Path, mode: str, content: str | bytes) -> None:
    """w+ begins empty, and reads."""
    path.write_text("old")
    with module.atomic_write(path, mode=mode, overwrite=True) as file:
        assert file.read() == content[:0]
        file.write(content)
        file.seek(0)
        assert file.read() == content
    assert path.read_bytes() == b"new"


def test_seek_and_truncate(module: ModuleType, path: Path) -> None:
    """The file has the length that it was given last."""
    with module.atomic_write(path, mode="wb") as file:
        file.write(b"0123456789")
        file.seek(2)
        file.write(b"ab")
        file.truncate(6)
    assert path.read_bytes() == b"01ab45"


def test_a_file_that_open_refuses(module: ModuleType, path: Path) -> None:
    """An encoding that is not known: LookupError; the old content stays."""
    path.write_text("old")
    with pytest.raises(LookupError):
        put(module, path, encoding="no-such-encoding")
    assert path.read_text() == "old"


def test_the_file_has_a_name_and_a_descriptor(module: ModuleType, path: Path) -> None:
    """Beside the target, and what was flushed can be read by that name."""
    with module.atomic_write(path) as file:
        file.write("flushed")
        file.flush()
        assert os.path.dirname(file.name) == str(path.parent)
        assert os.path.samestat(os.stat(file.name), os.fstat(file.fileno()))
        with open(file.name, encoding="utf-8") as again:
            assert again.read() == "flushed"


@pytest.mark.parametrize("overwrite", [True, False])
def test_another_file_at_the_temporary_name(module: ModuleType, path: Path, *, overwrite: bool) -> None:
    """A program that was given the name, and replaced what is there (sed -i), has written what is published."""
    if overwrite:
        path.write_text("old")
    with module.atomic_write(path, overwrite=overwrite) as file:
        file.write("first")
        path.with_name("made").write_text("by a program")
        path.with_name("made").rename(file.name)
    assert path.read_text() == "by a program"
    assert names(path) == [path.name]


def test_a_file_that_its_writer_closes(module: ModuleType, path: Path) -> None:
    """ValueError, because it cannot be flushed; the old content stays, and nothing else."""
    path.write_text("old")
    with pytest.raises(ValueError, match="closed"):
        write(module, path, lambda file: file.write("new"), lambda file: file.close(), overwrite=True)
    assert path.read_text() == "old"
    assert names(path) == [path.name]


def test_the_file_is_closed_in_the_end(module: ModuleType, path: Path) -> None:
    """Whether it went well or not."""
    with module.atomic_write(path) as good:
        pass
    with pytest.raises(FileExistsError), module.atomic_write(path) as bad:
        pass
    assert good.closed
    assert bad.closed


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_file_is_closed_to_others(module: ModuleType, path: Path, umask: int) -> None:
    """0600 whatever the umask is, from its first byte on."""
    before = os.umask(umask)
    try:
        with module.atomic_write(path) as file:
            assert os.fstat(file.fileno()).st_mode & 0o7777 == 0o600
    finally:
        os.umask(before)
    assert mode_of(path) == 0o600


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o640, 0o644, 0o755, 0o666])
@pytest.mark.parametrize("there", [None, 0o600, 0o644])
def test_a_mode_that_is_given_through_the_descriptor(
    module: ModuleType, path: Path, mode: int, there: int | None
) -> None:
    """It is the file's in the end, whatever was there before."""
    if there is not None:
        path.touch()
        path.chmod(there)
    put(module, path, mode=mode)
    assert mode_of(path) == mode


def test_relative_paths(module: ModuleType, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are relative to the working directory; a bare name is in it."""
    monkeypatch.chdir(path.parent)
    put(module, path.name, "bare")
    assert path.read_text() == "bare"
    put(module, f"./{path.name}", "dot")
    assert path.read_text() == "dot"
    put(module, f"../{path.parent.name}/{path.name}", "dots")
    assert path.read_text() == "dots"
    assert names(path) == [path.name]


def test_an_absolute_path_needs_no_working_directory(
    module: ModuleType, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even one that has been removed is fine."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    put(module, path)
    assert path.read_text() == "new"


@pytest.mark.parametrize("name", ["with space", "new\nline", "ä", "-dash", ".hidden", "x" * 255])
def test_odd_names(module: ModuleType, path: Path, name: str) -> None:
    """Any name that the filesystem takes."""
    put(module, path.with_name(name))
    put(module, path.with_name(name), "again")
    assert path.with_name(name).read_text() == "again"
    assert names(path) == [name]


def test_paths_as_text_and_as_objects(module: ModuleType, path: Path) -> None:
    """Str and os.PathLike."""
    put(module, str(path), "text")
    assert path.read_text() == "text"
    put(module, path, "object")
    assert path.read_text() == "object"


def test_one_writer_opened_twice(module: ModuleType, path: Path) -> None:
    """One after the other, and one in the other: each open is a write of its own, the last to end wins."""
    writer = module.AtomicWriter(path, overwrite=True)
    for content in ("first", "second"):
        with writer.open() as file:
            file.write(content)
        assert path.read_text() == content
    with writer.open() as outer, writer.open() as inner:
        assert outer.name != inner.name
        outer.write("outer")
        inner.write("inner")
    assert path.read_text() == "outer"
    assert names(path) == [path.name]


def test_an_open_is_good_for_one_block(module: ModuleType, path: Path) -> None:
    """A context manager that was used cannot be entered again."""
    used = module.atomic_write(path)
    with used:
        pass
    with pytest.raises(Exception, match=r"yield|args"), used:
        pass


def test_two_writes_of_one_file_at_once(module: ModuleType, path: Path) -> None:
    """Without overwrite the first to end is the only one."""
    with pytest.raises(FileExistsError):
        write(module, path, lambda _: put(module, path, "early", overwrite=False), lambda late: late.write("late"))
    assert path.read_text() == "early"
    assert names(path) == [path.name]


def test_the_surface(original: ModuleType, ours: ModuleType) -> None:
    """The same names, and the same parameters with the same defaults, in the same order."""
    public = {"AtomicWriter", "atomic_write", "move_atomic", "replace_atomic"}
    assert public <= vars(original).keys() & vars(ours).keys()
    for name in ("atomic_write", "move_atomic", "replace_atomic"):
        assert _parameters(ours, getattr(ours, name)) == _parameters(original, getattr(original, name))
    for name in ("__init__", "open", "get_fileobject", "sync", "commit", "rollback"):
        theirs = _parameters(original, getattr(original.AtomicWriter, name))
        assert _parameters(ours, getattr(ours.AtomicWriter, name)) == theirs
    assert (ours.__version__, ours.DEFAULT_MODE) == (original.__version__, original.DEFAULT_MODE)


def _parameters(module: ModuleType, function: Any) -> list[tuple[str, Any, Any]]:  # noqa: ANN401 - any function
    """Name, kind and default of each; a class of the module by its name."""
    return [
        (each.name, each.kind, "AtomicWriter" if each.default is module.AtomicWriter else each.default)
        for each in inspect.signature(function).parameters.values()
    ]
