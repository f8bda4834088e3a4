import pytest

from tests.cli.command import Command, failure
from tests.daemon.looking import Folder, etag


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
