from pathlib import Path

import pytest

from confkeep.keeper import Keeper
from tests.cli.command import Command, failure
from tests.daemon.fixtures import Serve
from tests.history.stores import damage
from tests.support.saving import promise

OLD, NEW = b"a: 1\n", b"a: 22\n"


@pytest.fixture
def target(disk: Path, state: Path) -> Path:
    """A file whose save a crash interrupted: it is promised and not begun."""
    made = disk / "config" / "a.yaml"
    made.parent.mkdir()
    made.write_bytes(OLD)
    with Keeper(state) as keeper:
        promise(keeper, made, OLD, NEW)
    return made


def hindered(target: Path) -> None:
    """Something else is where the file is to be."""
    target.rename(target.with_name("kept"))
    target.mkdir()


def freed(target: Path) -> None:
    """The file is back."""
    target.rmdir()
    target.with_name("kept").rename(target)


def test_what_is_open_is_settled(target: Path, state: Path) -> None:
    """It is listed with path, revision, both sizes and what became of it; then nothing is left."""
    done = Command()("recover", "--state", state)
    assert (done.code, done.errors) == (0, "")
    (line,) = done.text.splitlines()
    assert line.startswith(f"settled  {target}  revision 2  5 bytes -> 6 bytes  the save had not begun")
    assert target.read_bytes() == OLD
    again = Command()("recover", "--state", state)
    assert (again.code, again.out) == (0, b"")


def test_what_cannot_be_settled(target: Path, state: Path) -> None:
    """Exit code 7 and the reason; once the cause is gone the same command settles it."""
    hindered(target)
    done = Command()("recover", "--state", state)
    assert done.code == 7
    assert done.text.startswith(f"OPEN     {target}  revision 2")
    done = Command()("recover", "--state", state, "--json")
    assert done.code == 7
    (found,) = done.json
    assert (found["path"], found["revision"], found["settled"]) == (str(target), 2, False)
    assert (found["old_size"], found["new_size"]) == (5, 6)
    assert found["detail"]
    freed(target)
    assert Command()("recover", "--state", state).code == 0


def test_beside_a_running_daemon(target: Path, state: Path, serve: Serve) -> None:
    """The daemon that could not repair it at its start is ready as soon as the command could."""
    hindered(target)
    daemon = serve("--root", f"ha={target.parent}")
    assert daemon.ask("GET", "/readyz").status == 503
    assert Command()("recover", "--state", state).code == 7
    freed(target)
    assert Command()("recover", "--state", state).code == 0
    assert daemon.ask("GET", "/readyz").status == 200
    assert daemon.put("ha/a.yaml", NEW).status == 200


def test_nothing_is_open(state: Path) -> None:
    """Nothing is printed, and an empty list with --json."""
    Keeper(state).close()
    assert Command()("recover", "--state", state).out == b""
    assert Command()("recover", "--state", state, "--json").json == []


def test_no_state(tmp_path: Path) -> None:
    """None is made by a slip of the pen."""
    failure(Command()("recover", "--state", tmp_path / "none", "--json"), 6, "not-found")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_history(target: Path, state: Path) -> None:
    """It is set aside, that is said, and what was open in it is settled."""
    damage(state, "revisions_of_file")
    (state / "history.db.suspect").touch()
    done = Command()("recover", "--state", state)
    assert "STA004" in done.errors
    assert "history.db.corrupt-" in done.errors
    assert done.code == 0
    assert done.text.startswith(f"settled  {target}")
    assert target.read_bytes() == OLD
