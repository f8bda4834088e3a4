"""confkeep sweep: leftovers below a directory are removed, and what is kept is told."""

import fcntl
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import pytest

from confkeep.cli import main
from confkeep.etag import etag_of
from confkeep.files import leftovers
from tests.cli.command import Command, failure
from tests.support.fixtures import AsUser
from tests.support.looking import opened
from tests.support.users import STRANGER

#: No daemon is anywhere near.
sweep = partial(Command({"CONFKEEP_HOST": "unix:///nowhere"}), "sweep")


def left(directory: Path, *etags: str, content: bytes = b"new: 1\n") -> Path:
    """What a save that was killed before it could publish left."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / leftovers.temporary_name(*etags)
    path.write_bytes(content)
    return path


def displaced(directory: Path, content: bytes) -> Path:
    """What a save that was killed while it published left: it was to replace ``old: 1``."""
    return left(directory, etag_of(b"old: 1\n"), etag_of(b"new: 1\n"), content=content)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Some files that are nobody's leftovers."""
    for name in ("a.yaml", "b/c.yaml", "b/.confkeep-notes", "b/d/e.tmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"mine: 1\n")
    return tmp_path


def files(tree: Path) -> set[str]:
    """All files below."""
    return {str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir()}


def test_leftovers_at_any_depth(tree: Path) -> None:
    """Removed and named; nothing else is touched; a second time there is nothing to say."""
    before = files(tree)
    dead = [left(tree), left(tree / "b" / "d"), displaced(tree / "b", b"old: 1\n")]
    done = sweep(tree)
    assert (done.code, done.errors) == (0, "")
    assert sorted(done.text.splitlines()) == sorted(f"removed {path}" for path in dead)
    assert files(tree) == before
    again = sweep(tree)
    assert (again.code, again.out, again.errors) == (0, b"", "")


def test_json(tree: Path) -> None:
    """The same for programs."""
    dead, edit = left(tree), displaced(tree / "b", b"by: hand\n")
    assert sweep(tree, "--json").json == {"removed": [str(dead)], "edits": [str(edit)], "closed": []}


def test_edit_is_kept(tree: Path) -> None:
    """An edit that a dying save displaced: kept, and what to do about it."""
    edit = displaced(tree, b"by: hand\n")
    for _ in range(2):
        done = sweep(tree)
        assert done.code == 0
        assert done.text.startswith(f"kept    {edit}: ")
        assert "compare it with the file" in done.text
    assert edit.read_bytes() == b"by: hand\n"


def test_living_save_is_left_alone(tree: Path) -> None:
    """Neither removed nor reported: it is no leftover."""
    alive = left(tree)
    with opened(alive, os.O_RDONLY) as fd:
        fcntl.flock(fd, fcntl.LOCK_EX)
        done = sweep(tree)
        assert (done.code, done.out, done.errors) == (0, b"", "")
    assert alive.exists()
    assert sweep(tree).text == f"removed {alive}\n"


def test_several_directories(tree: Path) -> None:
    """Each is swept."""
    dead = [left(tree / name) for name in ("one", "two")]
    assert sorted(sweep(tree / "one", tree / "two", "--json").json["removed"]) == sorted(map(str, dead))


def test_relative_directory(tree: Path) -> None:
    """From where the caller stands; what is printed is absolute."""
    dead = left(tree / "b")
    assert sweep(".", "--json", cwd=tree).json["removed"] == [str(dead)]


def test_links_are_not_followed(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A directory that is only linked to belongs to somebody else; one that is named is swept, as any other."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    dead = left(elsewhere)
    (tree / "link").symlink_to(elsewhere)
    assert sweep(tree, "--json").json["removed"] == []
    assert dead.exists()
    assert sweep(tree / "link", "--json").json["removed"] == [str(dead)]


@pytest.mark.parametrize("name", ["nothing", "a.yaml"])
def test_no_directory(tree: Path, name: str) -> None:
    """Exit code 6, and nothing is swept before or after it."""
    dead = left(tree / "b")
    failure(sweep(tree / "b", tree / name, "--json"), 6, "not-found")
    assert dead.exists()


def test_no_argument() -> None:
    """Wrong usage: never by accident everything."""
    assert sweep().code == 2


def test_awkward_names(tree: Path) -> None:
    """A line is a line, whatever a directory is called."""
    dead = left(tree / "new\nline \x1b[31m")
    assert len(sweep(tree).text.splitlines()) == 1
    assert not dead.exists()
    left(tree / os.fsdecode(b"\xff"))
    assert len(sweep(tree, "--json").json["removed"]) == 1


def swept(*paths: Path) -> tuple[int, str, str]:
    """The command in this process: another user may not be able to start an interpreter of ours."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as errors:
        code = main(["sweep", "--json", *map(str, paths)])
    return code, out.getvalue(), errors.getvalue()


def test_closed_directory(public: Path, as_user: AsUser) -> None:
    """What could not be looked into is named, exit code 7; the rest is swept."""
    (public / "closed").mkdir(mode=0o700)
    hidden = left(public / "closed")
    public.chmod(0o777)
    dead = public / leftovers.temporary_name()
    as_user(STRANGER, dead.touch)
    swept(public / "closed")  # imports what the other user may not be able to read
    hidden = left(public / "closed")
    code, out, _ = as_user(STRANGER, lambda: swept(public))
    assert (code, json.loads(out)) == (7, {"removed": [str(dead)], "edits": [], "closed": [str(public / "closed")]})
    assert hidden.exists()
