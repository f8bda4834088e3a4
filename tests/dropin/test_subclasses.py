"""What a subclass of AtomicWriter may override, and in which order it is called; of the original and of ours."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.dropin.writing import descriptors, fail, mode_of, nothing, put, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

Calls = list[tuple[str, Any]]


def subclass(module: ModuleType, **methods: Callable[..., Any]) -> type[Any]:
    """A writer with these methods of its own."""
    return type("Own", (module.AtomicWriter,), methods)


def recorder(module: ModuleType, failing: str = "") -> tuple[type[Any], Calls]:
    """A writer that notes what is called on which file; the one called ``failing`` raises afterwards."""
    calls: Calls = []

    def noting(name: str) -> Callable[..., Any]:
        def method(self: Any, *given: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever the method takes
            result = getattr(module.AtomicWriter, name)(self, *given, **named)
            calls.append((name, (given[0] if given else result).name))
            return fail(ZeroDivisionError(name)) if name == failing else result

        return method

    return subclass(module, **{name: noting(name) for name in ("get_fileobject", "sync", "commit", "rollback")}), calls


def test_a_write_that_goes_well(module: ModuleType, tmp_path: Path) -> None:
    """get_fileobject, sync, commit: once each, on one file."""
    writer, calls = recorder(module)
    with module.atomic_write(tmp_path / "a", writer_cls=writer) as file:
        name = file.name
    assert calls == [("get_fileobject", name), ("sync", name), ("commit", name)]


def test_a_commit_finds_the_file_closed(module: ModuleType, tmp_path: Path) -> None:
    """And a sync finds it open."""
    found: list[bool] = []

    def noting(_: object, file: Any) -> None:  # noqa: ANN401 - a file
        found.append(file.closed)

    write(module, tmp_path / "a", writer_cls=subclass(module, sync=noting, commit=noting))
    assert found == [False, True]


def test_an_exception_in_the_block(module: ModuleType, tmp_path: Path) -> None:
    """Neither sync nor commit; rollback."""
    writer, calls = recorder(module)
    with pytest.raises(KeyError):
        write(module, tmp_path / "a", lambda _: fail(KeyError()), writer_cls=writer)
    assert [name for name, _ in calls] == ["get_fileobject", "rollback"]


@pytest.mark.parametrize("failing", ["sync", "commit"])
def test_a_step_that_fails(module: ModuleType, tmp_path: Path, failing: str) -> None:
    """What it raised comes out, and the write is rolled back; that nothing is left to remove changes nothing."""
    writer, calls = recorder(module, failing)
    with pytest.raises(ZeroDivisionError, match=failing):
        put(module, tmp_path / "a", writer_cls=writer)
    assert [name for name, _ in calls][:2] == ["get_fileobject", "sync"]
    assert os.listdir(tmp_path) == (["a"] if failing == "commit" else [])


def test_the_first_exception_survives_a_failing_rollback(module: ModuleType, tmp_path: Path) -> None:
    """It is what the caller sees."""
    writer, calls = recorder(module, "rollback")
    with pytest.raises(KeyError, match="first"):
        write(module, tmp_path / "a", lambda _: fail(KeyError("first")), writer_cls=writer)
    assert calls[-1][0] == "rollback"
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("where", ["conf", "elsewhere"])
@pytest.mark.parametrize("there", [True, False])
def test_a_temporary_file_of_another_name(module: ModuleType, tmp_path: Path, where: str, *, there: bool) -> None:
    """Directory, prefix and suffix can be chosen; it is 0600, published by a rename and removed after an exception."""
    path, directory = tmp_path / "conf" / "a", tmp_path / where
    path.parent.mkdir()
    directory.mkdir(exist_ok=True)
    if there:
        path.write_text("old")

    def named(self: object, **options: Any) -> Any:  # noqa: ANN401 - a file
        options |= {"dir": str(directory), "prefix": "mine-", "suffix": ".part"}
        return module.AtomicWriter.get_fileobject(self, **options)

    writer = subclass(module, get_fileobject=named)
    with module.atomic_write(path, writer_cls=writer, overwrite=there) as file:
        assert (os.path.dirname(file.name), mode_of(directory / file.name)) == (str(directory), 0o600)
        assert os.path.basename(file.name).startswith("mine-")
        assert file.name.endswith(".part")
        file.write("new")
    assert path.read_text() == "new"
    with pytest.raises(KeyError):
        write(module, path, lambda _: fail(KeyError()), writer_cls=writer)
    with pytest.raises(FileExistsError):
        put(module, path, writer_cls=writer, overwrite=False)
    assert {*os.listdir(path.parent), *os.listdir(directory)} == {"a"}


def test_a_file_that_the_subclass_made_all_by_itself(module: ModuleType, tmp_path: Path) -> None:
    """Anything with a name is published by that name."""

    def own(_: object, **options: Any) -> Any:  # noqa: ANN401 - a file
        return open(tmp_path / "own", "w", encoding="utf-8", **options)

    put(module, tmp_path / "a", writer_cls=subclass(module, get_fileobject=own))
    assert (tmp_path / "a").read_text() == "new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_sync_that_does_nothing(module: ModuleType, tmp_path: Path) -> None:
    """Who needs no durability has all the same every byte, because the file is closed before the commit."""
    quick = subclass(module, sync=nothing)
    for content in ("new", "newer"):
        put(module, tmp_path / "a", content * 1000, writer_cls=quick)
        assert (tmp_path / "a").read_text() == content * 1000


def committing(module: ModuleType) -> type[Any]:
    """A writer with a commit and a rollback of its own, by the module's own functions."""

    def commit(self: Any, file: Any) -> None:  # noqa: ANN401 - a writer, a file
        (module.replace_atomic if self._overwrite else module.move_atomic)(file.name, self._path)

    def rollback(_: object, file: Any) -> None:  # noqa: ANN401 - a file
        os.unlink(file.name)

    return subclass(module, commit=commit, rollback=rollback)


def test_a_commit_and_a_rollback_of_its_own(module: ModuleType, tmp_path: Path) -> None:
    """They find the temporary file by its name; no descriptor stays open, however often it is done."""
    writer, path = committing(module), tmp_path / "a"
    put(module, path, writer_cls=writer)
    before = descriptors()
    for number in range(5):
        put(module, path, f"{number}", writer_cls=writer)
        assert path.read_text() == f"{number}"
        with pytest.raises(FileExistsError):
            put(module, path, writer_cls=writer, overwrite=False)
        with pytest.raises(KeyError):
            write(module, path, lambda _: fail(KeyError()), writer_cls=writer)
    assert os.listdir(tmp_path) == ["a"]
    assert descriptors() == before


def test_a_commit_of_its_own_where_no_rename_can_be(module: ModuleType, tmp_path: Path) -> None:
    """A file with two names, whose draft is in memory, is written all the same."""
    directory = tmp_path / "conf"
    directory.mkdir()
    path = directory / "a"
    path.write_text("old")
    (directory / "b").hardlink_to(path)
    writer = committing(module)
    put(module, path, writer_cls=writer)
    (directory / "b").unlink()
    (directory / "b").hardlink_to(path)
    before = descriptors()
    put(module, path, "newer", writer_cls=writer)
    assert path.read_text() == "newer"
    assert sorted(os.listdir(directory)) == ["a", "b"]
    assert descriptors() == before


def test_a_rollback_that_keeps_the_file(module: ModuleType, tmp_path: Path) -> None:
    """For a look at what was being written."""
    keeping = subclass(module, rollback=nothing)
    names: list[str] = []
    with pytest.raises(KeyError):
        write(
            module,
            tmp_path / "a",
            lambda file: file.write("so far"),
            lambda file: names.append(file.name),
            lambda _: fail(KeyError()),
            writer_cls=keeping,
        )
    with open(names[0], encoding="utf-8") as kept:
        assert kept.read() == "so far"


def test_the_steps_by_hand(module: ModuleType, tmp_path: Path) -> None:
    """Who calls them one by one, without open, is served as well."""
    writer = module.AtomicWriter(tmp_path / "a", overwrite=True)
    with writer.get_fileobject() as file:
        file.write("new")
        writer.sync(file)
    writer.commit(file)
    assert (tmp_path / "a").read_text() == "new"
    with writer.get_fileobject() as file:
        pass
    writer.rollback(file)
    assert os.listdir(tmp_path) == ["a"]


def test_arguments_of_its_own(module: ModuleType, tmp_path: Path) -> None:
    """atomic_write hands keywords to the class."""

    def init(self: object, path: Path, *, suffix: str, **more: Any) -> None:
        module.AtomicWriter.__init__(self, path.with_suffix(suffix), **more)

    put(module, tmp_path / "a", writer_cls=subclass(module, __init__=init), suffix=".txt", encoding="utf-8")
    assert os.listdir(tmp_path) == ["a.txt"]
