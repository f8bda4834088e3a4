"""confkeep.folder: the ``with`` around a folder that is being built; tests/files has how it is published."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, assert_type

import pytest

import confkeep
import confkeep.aio
from confkeep.files.folder import build
from tests.library.killing import ends, run
from tests.library.test_aio import Gate, cancelled_at
from tests.support.looking import leftovers_in


@pytest.fixture
def site(disk: Path) -> Path:
    """A folder with one file in it, alone in its directory."""
    path = disk / "config/site"
    path.mkdir(parents=True)
    (path / "old.txt").write_text("old")
    return path


def beside(site: Path) -> list[str]:
    """What is in its directory."""
    return sorted(os.listdir(site.parent))


def filled(path: Any, then: BaseException | None = None, **options: bool) -> None:  # noqa: ANN401 - any kind of path
    """A new folder with ``new.txt`` in it; ``then`` is raised before the ``with`` ends."""
    with confkeep.folder(path, **options) as new:
        (new / "new.txt").write_text("new")
        if then is not None:
            raise then


def test_it_takes_the_place_of_the_old_one(site: Path) -> None:
    """When the ``with`` ends, and not before; nothing is left beside it."""
    building = confkeep.folder(site)
    with building as new:
        assert_type(new, Path)
        assert (new.is_dir(), os.listdir(new), os.listdir(site)) == (True, [], ["old.txt"])
        (new / "new.txt").write_text("new")
        assert (os.listdir(site), building.published) == (["old.txt"], None)
    assert (os.listdir(site), beside(site)) == (["new.txt"], ["site"])
    assert building.published is not None
    assert (building.published.created, building.published.guarantees.reader_atomic) == (False, True)


def test_where_nothing_is_yet(site: Path) -> None:
    """It is created."""
    building = confkeep.folder(site.with_name("fresh"))
    with building:
        pass
    assert building.published is not None
    assert (building.published.created, beside(site)) == (True, ["fresh", "site"])


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("name", ["site", "fresh"])
def test_an_exception_leaves_everything(site: Path, name: str, error: type[BaseException]) -> None:
    """The old folder, or none; and no descriptor."""
    before = os.listdir("/proc/self/fd")
    with pytest.raises(error):
        filled(site.with_name(name), then=error())
    assert (os.listdir(site), beside(site)) == (["old.txt"], ["site"])
    assert os.listdir("/proc/self/fd") == before


def test_overwrite_false(site: Path) -> None:
    """Nothing may be there; decided when it is published."""
    with pytest.raises(FileExistsError):
        filled(site, overwrite=False)
    late = confkeep.folder(site.with_name("late"), overwrite=False)
    (late.__enter__() / "new.txt").touch()
    site.with_name("late").mkdir()
    with pytest.raises(confkeep.AlreadyExists):
        late.__exit__(None, None, None)
    assert (os.listdir(site), os.listdir(site.with_name("late")), beside(site)) == (["old.txt"], [], ["late", "site"])


def test_exist_ok(site: Path) -> None:
    """Another's folder that came meanwhile is as good; this one is dropped, and ``published`` says so."""
    building = confkeep.folder(site.with_name("late"), overwrite=False, exist_ok=True)
    with building as new:
        (new / "ours.txt").touch()
        site.with_name("late").mkdir()
        (site.with_name("late") / "theirs.txt").touch()
    assert building.published is None
    assert (os.listdir(site.with_name("late")), beside(site)) == (["theirs.txt"], ["late", "site"])


def test_exist_ok_where_one_is_there_from_the_beginning(site: Path) -> None:
    """It is as good, too, whenever it came."""
    filled(site, overwrite=False, exist_ok=True)
    assert (os.listdir(site), beside(site)) == (["old.txt"], ["site"])


def test_options_that_exclude_each_other(site: Path) -> None:
    """They are named."""
    with pytest.raises(confkeep.BadParameter, match="exist_ok"):
        confkeep.folder(site, exist_ok=True)


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_each_kind_of_path(site: Path, kind: Any) -> None:  # noqa: ANN401 - a call
    """Also one that ends in a slash, for it names a directory."""
    filled(kind(f"{site}/"))
    assert (os.listdir(site), beside(site)) == (["new.txt"], ["site"])


@pytest.mark.parametrize("name", [b"caf\xe9", b"a\nb", b" x ", b"x" * 255])
def test_odd_names(disk: Path, name: bytes) -> None:
    """Twice: created, and replaced."""
    path = os.path.join(os.fsencode(disk), name)
    filled(path)
    filled(path)
    assert (os.listdir(os.fsencode(disk)), os.listdir(path)) == ([name], [b"new.txt"])


def test_relative_and_the_working_directory_changes(site: Path, disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path means what it meant when the ``with`` began, and so does the one to fill."""
    monkeypatch.chdir(site.parent)
    with confkeep.folder("site") as new:
        monkeypatch.chdir(disk)
        (new / "new.txt").touch()
    assert (os.listdir(site), sorted(os.listdir(disk))) == (["new.txt"], ["config"])


def test_a_link_is_followed(site: Path, disk: Path) -> None:
    """It stays one, and leads to the new folder."""
    (disk / "link").symlink_to(site)
    filled(disk / "link")
    assert ((disk / "link").is_symlink(), os.listdir(site)) == (True, ["new.txt"])


@pytest.mark.parametrize(
    ("name", "error"),
    [("file", confkeep.NotADirectory), ("no/site", confkeep.NotFound), ("a\0b", confkeep.BadPath), ("", None)],
)
def test_what_cannot_be_a_folder(disk: Path, name: str, error: type[Exception] | None) -> None:
    """Named before anything is filled."""
    (disk / "file").touch()
    with pytest.raises(error or confkeep.ConfkeepError):
        confkeep.folder(f"{disk}/{name}" if name else "").__enter__()
    assert os.listdir(disk) == ["file"]


def test_our_own_temporary_names_are_not_for_folders(disk: Path) -> None:
    """The next sweep would remove what was answered as published."""
    with pytest.raises(confkeep.BadPath):
        filled(disk / ".confkeep-0123456789abcdef.tmp")
    assert os.listdir(disk) == []


def test_one_object_may_be_used_again(site: Path) -> None:
    """Each ``with`` is a folder of its own."""
    building = confkeep.folder(site)
    for name in ("one", "two"):
        with building as new:
            (new / name).touch()
        assert (os.listdir(site), beside(site)) == ([name], ["site"])


def test_async_with(site: Path) -> None:
    """As the other."""

    async def fill() -> None:
        async with confkeep.aio.folder(site) as new:
            (new / "new.txt").touch()

    asyncio.run(fill())
    assert (os.listdir(site), beside(site)) == (["new.txt"], ["site"])


def test_cancelled_while_it_begins(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory that a thread is just making goes, and its descriptors."""
    before = os.listdir("/proc/self/fd")
    gate = Gate(build)
    monkeypatch.setattr("confkeep.library.folder.build", gate)

    async def fill() -> None:
        async with confkeep.folder(site):
            raise AssertionError

    assert isinstance(asyncio.run(cancelled_at(gate, fill())), asyncio.CancelledError)
    assert (os.listdir(site), beside(site)) == (["old.txt"], ["site"])
    assert os.listdir("/proc/self/fd") == before


def test_a_dead_one_is_swept(site: Path) -> None:
    """By the next process that builds there."""
    program = "import os, sys, confkeep\nwith confkeep.folder(sys.argv[1]) as new: (new / 'x').touch(); os._exit(0)"
    assert ends(run(program, site)) == ""
    assert len(leftovers_in(site.parent)) == 1
    ends(run("import sys, confkeep\nwith confkeep.folder(sys.argv[1]): pass", site.with_name("fresh")))
    assert beside(site) == ["fresh", "site"]
