import os
from pathlib import Path

import pytest

from confkeep.expect import ABSENT
from confkeep.files.root import ANYWHERE
from confkeep.keeper import Keeper, Request
from tests.cli.command import Command, failure
from tests.daemon.looking import Folder, etag, untouched

OLD, NEW = b"a: 1\n", b"a: 2\n"


@pytest.fixture
def number(folder: Folder) -> int:
    """A revision whose content is no longer that of its file ``a.yaml``."""
    folder.daemon.put(folder.file("a.yaml", OLD), NEW)
    found: int = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][-1]["id"]
    return found


def test_restore(number: int, confkeep: Command, folder: Folder) -> None:
    """Over what is there, or only over what one has seen; it is printed as put prints it."""
    done = confkeep("restore", str(number), "--expect", etag(NEW), "--message", "as it was")
    assert (done.code, done.errors) == (0, "")
    assert folder.at("a.yaml") in done.text
    assert etag(OLD) in done.text
    assert folder.read("a.yaml") == OLD
    first = confkeep("history", folder.at("a.yaml")).text.splitlines()[0]
    assert first.split()[2] == "restore"
    assert first.endswith("as it was")
    assert confkeep("restore", str(number + 1), "--force", "--json").json["changed"] is True
    assert folder.read("a.yaml") == NEW


def test_restore_of_a_file(number: int, confkeep: Command, folder: Folder) -> None:
    """Who names the file too cannot restore another one by a slip of the pen."""
    address = folder.at("a.yaml")
    other = folder.file("b.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        failure(confkeep("restore", other, str(number), "--force", "--json"), 6, "not-found")
        failure(confkeep("restore", "a.yaml", str(number), "--force", "--json"), 2, "bad-path")
        failure(confkeep("restore", address, str(number), "--if-match", etag(OLD), "--json"), 4, "conflict")
    done = confkeep("restore", address, str(number), "--if-match", etag(NEW))
    assert (done.code, folder.read("a.yaml")) == (0, OLD)
    assert done.text.startswith(address)


def test_what_it_replaces_must_be_said(number: int, confkeep: Command, folder: Folder) -> None:
    """None of the three flags is wrong usage; another etag a conflict; nothing is written."""
    with untouched(folder.daemon, folder.path):
        assert confkeep("restore", str(number)).code == 2
        failure(confkeep("restore", str(number), "--expect", etag(OLD), "--json"), 4, "conflict")
        failure(confkeep("restore", str(number), "--create", "--json"), 4, "conflict")
        assert confkeep("restore", str(number), "--force", "--dry-run").text.startswith(folder.at("a.yaml"))


@pytest.mark.parametrize("given", ["x", "-1", "1.5", "", "²", "9" * 30])
def test_no_number(given: str, confkeep: Command) -> None:
    """Wrong usage, whatever it is."""
    assert confkeep("restore", given, "--force").code == 2


def test_unknown_revision(confkeep: Command) -> None:
    """Exit code 6."""
    failure(confkeep("restore", "999999999", "--force", "--json"), 6, "not-found")


@pytest.fixture
def offline(disk: Path, state: Path) -> Path:
    """A file whose first revision is ``OLD``, and no daemon."""
    target = disk / "a.yaml"
    with Keeper(state) as keeper:
        saved = keeper.save(ANYWHERE, str(target), Request(OLD, ABSENT))
    assert saved.revision == 1
    target.write_bytes(NEW)
    return target


def test_without_a_daemon(offline: Path, state: Path) -> None:
    """On the state directory itself; what was there is in the history as well."""
    run = Command({"CONFKEEP_HOST": "unix:///nowhere"})
    done = run("restore", "1", "--expect", etag(NEW), "--state", state)
    assert (done.code, done.errors) == (0, "")
    assert str(offline) in done.text
    assert offline.read_bytes() == OLD
    found = run("history", "--state", state, offline, "--json").json
    assert [(one["origin"], one["uid"], one["etag"]) for one in found] == [
        ("restore", os.geteuid(), etag(OLD)), ("external", None, etag(NEW)), ("library", None, etag(OLD)),
    ]  # fmt: skip
    assert found[0]["message"] == "restores revision 1"


def test_a_root_means_nothing_without_a_daemon(offline: Path, state: Path) -> None:
    """Wrong usage; nothing is written."""
    failure(Command()("restore", "ha/a.yaml", "1", "--force", "--state", state, "--json"), 2, "unknown-parameter")
    assert offline.read_bytes() == NEW


def test_without_a_daemon_it_says_what_it_replaces_too(offline: Path, state: Path) -> None:
    """Conflicts and checks are the same."""
    run = Command()
    failure(run("restore", "1", "--expect", etag(OLD), "--state", state, "--json"), 4, "conflict")
    failure(run("restore", "1", "--create", "--state", state, "--json"), 4, "conflict")
    failure(run("restore", "7", "--force", "--state", state, "--json"), 6, "not-found")
    assert offline.read_bytes() == NEW
    offline.unlink()
    assert run("restore", "1", "--create", "--state", state).code == 0
    assert offline.read_bytes() == OLD


def test_beside_a_running_daemon(number: int, folder: Folder) -> None:
    """Both work on one history; locks are those of a single file."""
    state = folder.daemon.state
    assert Command()("restore", str(number), "--force", "--state", state).code == 0
    assert folder.read("a.yaml") == OLD
    assert folder.daemon.put(folder.at("a.yaml"), NEW).status == 200
    origins = [one["origin"] for one in folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]]
    assert origins == ["api", "restore", "api", "external"]


def test_no_state(tmp_path: Path) -> None:
    """None is made by a slip of the pen."""
    failure(Command()("restore", "1", "--force", "--state", tmp_path / "none", "--json"), 6, "not-found")
    assert list(tmp_path.iterdir()) == []
