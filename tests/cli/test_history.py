from pathlib import Path

import pytest

from confkeep.history.store import Store
from tests.cli.command import Command, failure
from tests.daemon.fixtures import Serve
from tests.daemon.looking import Folder, etag
from tests.daemon.running import Daemon
from tests.history.stores import add, swap


def test_one_line_a_revision(confkeep: Command, folder: Folder) -> None:
    """Number, time, origin, who, size, etag, message; the newest first."""
    address = folder.file("a.yaml", b"a: 1\n")
    saved = folder.daemon.put(address, b"a: 22\n", "?message=brighter%20now").json
    first, second = confkeep("history", address).text.splitlines()
    words = first.split()
    assert (words[0], words[2]) == (str(saved["revision"]), "api")
    assert first.endswith(f"6  {etag(b'a: 22' + bytes([10]))[:12]}  brighter now")
    assert second.split()[2:4] == ["external", "-"]


def test_json(confkeep: Command, folder: Folder) -> None:
    """The revisions as the daemon has them."""
    address = folder.file("a.yaml")
    folder.daemon.put(address, b"a: 2\n")
    found = confkeep("history", address, "--json").json
    assert found == folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]
    assert len(found) == 2


def test_limit(confkeep: Command, folder: Folder) -> None:
    """At most so many; what is no number is wrong usage."""
    address = folder.file("a.yaml")
    for number in range(3):
        folder.daemon.put(address, b"n: %d\n" % number)
    assert len(confkeep("history", address, "--limit", "2").text.splitlines()) == 2
    failure(confkeep("history", address, "--limit", "many", "--json"), 2, "unknown-parameter")


@pytest.mark.parametrize("message", ["two\nlines", "\x1b[2J\x1b[31mred", "back\rwards", "bell\x07"])
def test_message_cannot_forge_lines(message: str, confkeep: Command, folder: Folder) -> None:
    """A message is another user's text: it neither adds lines nor commands the terminal."""
    address = folder.file("a.yaml")
    assert confkeep("put", address, "--force", "--message", message, stdin=b"a: 2\n").code == 0
    done = confkeep("history", address)
    assert len(done.text.splitlines()) == 2
    assert done.text.replace("\n", "").isprintable(), done.text


def test_file_without_history(confkeep: Command, folder: Folder) -> None:
    """Nothing was ever recorded: nothing is printed, and that is no failure."""
    done = confkeep("history", folder.file("a.yaml"))
    assert (done.code, done.out) == (0, b"")
    assert confkeep("history", folder.at("a.yaml"), "--json").json == []


def test_unknown_root(confkeep: Command) -> None:
    """Exit code 6."""
    failure(confkeep("history", "nobody/a.yaml", "--json"), 6, "no-root")


def test_without_a_daemon(house: Daemon, folder: Folder) -> None:
    """The same revisions from the state directory, beside a running daemon; the file is named by its own path."""
    address = folder.file("a.yaml")
    for number in range(3):
        folder.daemon.put(address, b"n: %d\n" % number, "?message=m")
    asked = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"]
    offline = Command({"CONFKEEP_HOST": "unix:///nowhere"})
    state, path = str(house.state), str(folder.path / "a.yaml")
    assert offline("history", "--state", state, path, "--json").json == asked
    assert len(offline("history", "--state", state, path, "--limit", "2").text.splitlines()) == 2
    assert offline("history", "--state", state, "a.yaml", cwd=folder.path).text.count("\n") == 4
    (folder.path / "link").symlink_to("a.yaml")
    assert offline("history", "--state", state, str(folder.path / "link"), "--json").json == asked
    for limit in ("many", "0", "-1", "9" * 30):
        failure(offline("history", "--state", state, path, "--limit", limit, "--json"), 2, "unknown-parameter")


def test_no_state(tmp_path: Path) -> None:
    """Exit code 6; nothing is made."""
    for address in ("/a.yaml", "verify"):
        failure(Command()("history", "--state", tmp_path, address, "--json"), 6, "not-found")
    assert list(tmp_path.iterdir()) == []


def test_a_removal(state: Path) -> None:
    """It has no etag; a word stands in its place."""
    store = Store(state)
    add(store, "/a.yaml", b"x")
    add(store, "/a.yaml", None)
    store.close()
    removed, _ = Command()("history", "--state", state, "/a.yaml").text.splitlines()
    assert removed.split()[-2:] == ["0", "removed"]


def test_verify_a_sound_history(house: Daemon, folder: Folder) -> None:
    """Exit code 0, beside a running daemon."""
    folder.daemon.put(folder.file("a.yaml"), b"a: 2\n")
    done = Command()("history", "verify", "--state", house.state)
    assert (done.code, done.errors) == (0, "")
    assert "sound" in done.text
    found = Command()("history", "verify", "--state", house.state, "--json").json
    assert found == {"state": str(house.state), "sound": True, "problems": []}


def test_verify_a_damaged_history(serve: Serve, state: Path, disk: Path) -> None:
    """Exit code 1, what is wrong and what to do; the next start does it."""
    (disk / "config").mkdir()
    store = Store(state)
    add(store, "/a.yaml", b"the old content")
    store.close()
    swap(state, b"the old content", b"the bad content")
    done = Command()("history", "verify", "--state", state)
    assert done.code == 1
    assert "has another hash" in done.text
    assert "start the daemon again" in done.text
    found = Command()("history", "verify", "--state", state, "--json")
    assert (found.code, found.json["sound"], len(found.json["problems"])) == (1, False, 1)
    daemon = serve("--root", f"ha={disk}/config")
    assert [item["rule"] for item in daemon.ask("GET", "/readyz").json["findings"]] == ["STA004"]
    assert Command()("history", "verify", "--state", state).code == 0
