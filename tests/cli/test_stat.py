from tests.cli.command import Command, failure
from tests.daemon.looking import Folder, etag


def test_verdict_for_people(confkeep: Command, folder: Folder) -> None:
    """How it would be written and what that guarantees, one field a line."""
    address = folder.linked("a b.yaml", b"a: 1\n")
    done = confkeep("stat", address)
    assert (done.code, done.errors) == (0, "")
    fields = {line.split()[0]: line.split(None, 1)[1] for line in done.text.splitlines()}
    assert fields["file"] == address
    assert fields["size"] == "5 bytes"
    assert fields["etag"] == etag(b"a: 1\n")
    assert fields["route"].startswith("overwrite (several-links): ")
    assert fields["guarantees"] == "reader-atomic, crash-safe, compare-and-swap, inode-kept, metadata-kept"
    assert "revision" not in fields
    assert "None" not in done.text


def test_missing_guarantee_is_shouted(confkeep: Command, folder: Folder) -> None:
    """A replaced file has a new inode, and the line says so."""
    assert "NOT inode-kept" in confkeep("stat", folder.file("a.yaml")).text


def test_json(confkeep: Command, folder: Folder) -> None:
    """The whole answer of the daemon."""
    address = folder.file("a.yaml")
    assert confkeep("stat", address, "--json").json == folder.daemon.ask("GET", folder.url("a.yaml", "stat")).json


def test_what_cannot_be_written(confkeep: Command, folder: Folder) -> None:
    """A refusal is the answer to the question: exit code 0, the reason and the remedy."""
    (folder.path / "directory").mkdir()
    done = confkeep("stat", folder.at("directory"))
    assert done.code == 0
    assert "refused" in done.text
    assert "remedy" in done.text
    assert confkeep("stat", folder.at("directory"), "--json").json["writable"] is False


def test_what_is_not_there(confkeep: Command, folder: Folder) -> None:
    """Exit code 6."""
    failure(confkeep("stat", folder.at("none"), "--json"), 6, "not-found")
