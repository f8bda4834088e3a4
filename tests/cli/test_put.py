from pathlib import Path

import pytest

from tests.cli.command import Command, failure
from tests.daemon.awkward import AWKWARD
from tests.daemon.fixtures import MAX_BODY
from tests.daemon.looking import Folder, etag, untouched

OLD = b"a: 1\n"


@pytest.mark.parametrize("data", AWKWARD.values(), ids=AWKWARD.keys())
@pytest.mark.parametrize("source", ["file", "dash", "nothing"])
def test_bytes_are_saved_as_they_are(
    source: str, data: bytes, confkeep: Command, folder: Folder, tmp_path: Path
) -> None:
    """From a file, from standard input by `-` or by default: what is given is what is saved."""
    address = folder.file("a.bin", b"old")
    (tmp_path / "new").write_bytes(data)
    given = {"file": [str(tmp_path / "new")], "dash": ["-"], "nothing": list[str]()}[source]
    done = confkeep("put", address, *given, "--force", stdin=b"" if source == "file" else data)
    assert (done.code, done.errors) == (0, "")
    assert folder.read("a.bin") == data


def test_edit_cycle(confkeep: Command, folder: Folder) -> None:
    """Get the etag, save with it, get a conflict with the old one: what an editor script does."""
    address = folder.file("a.yaml", OLD)
    base = confkeep("get", address, "--json").json["etag"]
    saved = confkeep("put", address, "--if-match", base, "--message", "brighter at night", stdin=b"a: 2\n")
    assert (saved.code, saved.errors) == (0, "")
    assert address in saved.text
    assert "replace" in saved.text
    assert etag(b"a: 2\n") in saved.text
    assert "brighter at night" in confkeep("history", address).text
    with untouched(folder.daemon, folder.path):
        conflict = confkeep("put", address, "--if-match", base, stdin=b"a: 3\n")
    assert (conflict.code, conflict.out) == (4, b"")
    assert f"etag:   {etag(b'a: 2' + bytes([10]))}" in conflict.errors


def test_etag_as_the_header_has_it(confkeep: Command, folder: Folder) -> None:
    """With or without quotes: both are an etag."""
    address = folder.file("a.yaml", OLD)
    assert confkeep("put", address, "--if-match", f'"{etag(OLD)}"', stdin=b"a: 2\n").code == 0


def test_create(confkeep: Command, folder: Folder) -> None:
    """--create makes a file, and only where none is."""
    address = folder.at("new.yaml")
    assert confkeep("put", address, "--create", "--json", stdin=OLD).json["created"] is True
    with untouched(folder.daemon, folder.path):
        failure(confkeep("put", address, "--create", "--json", stdin=b"a: 2\n"), 4, "conflict")


def test_force_needs_something_to_replace(confkeep: Command, folder: Folder) -> None:
    """--force overwrites; it does not create by a slip of the pen."""
    failure(confkeep("put", folder.at("none.yaml"), "--force", "--json", stdin=OLD), 4, "conflict")
    assert folder.names() == set()


def test_json(confkeep: Command, folder: Folder) -> None:
    """The whole answer of the daemon."""
    saved = confkeep("put", folder.linked("a.yaml"), "--force", "--json", stdin=b"a: 2\n").json
    assert (saved["route"]["name"], saved["route"]["code"]) == ("overwrite", "several-links")
    assert saved["guarantees"]["reader_atomic"] is True


@pytest.mark.parametrize("flags", [[], ["--force", "--create"], ["--if-match", "x", "--force"]])
def test_what_it_replaces_is_said_once(flags: list[str], confkeep: Command, folder: Folder) -> None:
    """Exactly one of the three: otherwise wrong usage, and nothing is asked."""
    address = folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        assert confkeep("put", address, *flags, stdin=b"a: 2\n").code == 2


def test_invalid_document(confkeep: Command, folder: Folder) -> None:
    """Exit code 5 and the line; --validate off saves it all the same."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = confkeep("put", address, "--force", stdin=b"a: 1\nb: ]\n")
        assert (done.code, done.out) == (5, b"")
        assert "line 2, column 4" in done.errors
        members = failure(confkeep("put", address, "--force", "--json", stdin=b"a: 1\nb: ]\n"), 5, "invalid-document")
        assert (members["line"], members["column"]) == (2, 4)
    assert confkeep("put", address, "--force", "--validate", "off", stdin=b"a: 1\nb: ]\n").code == 0


def test_strict(confkeep: Command, folder: Folder) -> None:
    """--validate strict refuses a duplicate key, the default does not."""
    address = folder.file("a.yaml", OLD)
    refused = confkeep("put", address, "--force", "--validate", "strict", stdin=b"a: 1\na: 2\n")
    assert refused.code == 5
    assert "line 2" in refused.errors
    assert confkeep("put", address, "--force", stdin=b"a: 1\na: 2\n").code == 0


def test_unchanged(confkeep: Command, folder: Folder) -> None:
    """Saving what is there says so; where no revision is known, none is named."""
    done = confkeep("put", folder.file("a.yaml", OLD), "--force", stdin=OLD)
    assert done.code == 0
    assert "unchanged" in done.text
    assert "None" not in done.text


def test_dry_run(confkeep: Command, folder: Folder) -> None:
    """Says what it would do, and does it not."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = confkeep("put", address, "--force", "--dry-run", stdin=b"a: 2\n")
    assert done.code == 0
    assert "would save" in done.text
    assert "None" not in done.text


def test_busy_target(confkeep: Command, folder: Folder) -> None:
    """--on-busy refuse: exit code 7, nothing touched; write: done, and a note says what readers may have seen."""
    address = folder.linked("a.yaml", OLD)
    with (folder.path / "a.yaml").open("rb"):
        failure(confkeep("put", address, "--force", "--on-busy", "refuse", "--json", stdin=b"a: 2\n"), 7, "target-busy")
        assert folder.read("a.yaml") == OLD
        done = confkeep("put", address, "--force", "--on-busy", "write", stdin=b"a: 2\n")
    assert done.code == 0
    assert "note: written without a lease" in done.errors


def test_refused_target(confkeep: Command, folder: Folder) -> None:
    """A directory: exit code 7."""
    (folder.path / "directory").mkdir()
    failure(confkeep("put", folder.at("directory"), "--force", "--json", stdin=OLD), 7, "not-a-regular-file")


def test_input_that_cannot_be_read(confkeep: Command, folder: Folder, tmp_path: Path) -> None:
    """A missing file or a directory as input is wrong usage: the target is not touched."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        for name in (tmp_path / "none", tmp_path):
            members = failure(confkeep("put", address, name, "--force", "--json"), 2, "bad-path")
            assert str(name) in members["detail"]


@pytest.mark.parametrize("size", [MAX_BODY + 1, 5_000_000])
def test_too_large(size: int, confkeep: Command, folder: Folder) -> None:
    """Exit code 2 and the limit, also where the daemon hangs up before it has everything."""
    address = folder.file("a.txt", OLD)
    with untouched(folder.daemon, folder.path):
        done = confkeep("put", address, "--force", "--json", stdin=b"#" * size)
        members = failure(done, 2, "body-too-large")
    assert members["limit"] == MAX_BODY


@pytest.mark.parametrize("given", ["ü", "a b", "", 'W/"x"'])
def test_what_is_no_etag(given: str, confkeep: Command, folder: Folder) -> None:
    """Wrong usage, whatever it is: no header is made of it."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        failure(confkeep("put", address, f"--if-match={given}", "--json", stdin=b"a: 2\n"), 2, "unknown-parameter")


def test_message_in_any_language(confkeep: Command, folder: Folder) -> None:
    """A message is a line of text, whatever is in it."""
    address = folder.file("a.yaml", OLD)
    message = "kürzer & länger = 100% + \U0001f600?#"
    assert confkeep("put", address, "--force", "--message", message, stdin=b"a: 2\n").code == 0
    assert confkeep("history", address, "--json").json[0]["message"] == message


KEPT = b"# why\na: 1  # one\nb:\n  - x\n"


def test_keep_comments(confkeep: Command, folder: Folder) -> None:
    """What a program has dumped says something else in one place: only that place changes."""
    address = folder.file("a.yaml", KEPT)
    done = confkeep("put", address, "--force", "--keep", "comments", stdin=b"b: [x]\na: 2\n")
    assert (done.code, done.errors) == (0, "")
    assert folder.read("a.yaml") == KEPT.replace(b"a: 1", b"a: 2")
    assert etag(folder.read("a.yaml")) in done.text


def test_comments_that_cannot_be_kept(confkeep: Command, folder: Folder) -> None:
    """Then it is saved as it is, and a note says why; --keep text is the default."""
    address = folder.file("a.txt", b"# why\n")
    done = confkeep("put", address, "--force", "--keep", "comments", stdin=b"x\n")
    assert done.code == 0
    assert "note: comments were not kept: " in done.errors
    plain = folder.file("a.yaml", KEPT)
    assert confkeep("put", plain, "--force", "--keep", "text", stdin=b"a: 2\n").errors == ""
    assert folder.read("a.yaml") == b"a: 2\n"
