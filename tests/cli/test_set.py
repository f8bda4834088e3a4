import pytest

from tests.cli.command import Command, failure
from tests.daemon.looking import Folder, etag, untouched

OLD = b"""\
# lights
automation:
  - alias: "hall"  # the long one
    delay: 5
  - alias: porch
    delay: 6
on: 'yes'
"""


def test_one_value(confkeep: Command, folder: Folder) -> None:
    """It is replaced, and every other byte stays; it is printed as put prints it."""
    address = folder.file("a.yaml", OLD)
    done = confkeep("set", address, "/automation/0/delay", "7", "--message", "longer")
    assert (done.code, done.errors) == (0, "")
    assert folder.read("a.yaml") == OLD.replace(b"delay: 5", b"delay: 7")
    assert etag(folder.read("a.yaml")) in done.text
    assert confkeep("history", address, "--json").json[0]["message"] == "longer"


@pytest.mark.parametrize(
    ("value", "flags", "written"),
    [
        ("8", [], b"delay: 8\n"),
        ("-5", [], b"delay: -5\n"),
        ("8", ["--string"], b'delay: "8"\n'),
        ("true", [], b"delay: true\n"),
        ("soon", [], b"delay: soon\n"),
        ('"9"', [], b'delay: "9"\n'),
        ('"soon"', ["--strict-json"], b"delay: soon\n"),
        ("NaN", [], b"delay: NaN\n"),
        ("null", [], b"delay: null\n"),
    ],
)
def test_value(value: str, flags: list[str], written: bytes, confkeep: Command, folder: Folder) -> None:
    """JSON where it is JSON, otherwise a string; quoted where a reader would take it for something else."""
    address = folder.file("a.yaml", OLD)
    done = confkeep("set", address, "/automation/0/delay", value, *flags, "--json")
    assert (done.code, done.json["changed"]) == (0, True)
    found = folder.read("a.yaml").replace(b"'", b'"')
    assert found == OLD.replace(b"delay: 5\n", written).replace(b"'", b'"')


def test_no_json(confkeep: Command, folder: Folder) -> None:
    """--strict-json takes nothing else."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        for value in ("soon", "NaN", "{", "[" * 100_000):
            done = confkeep("set", address, "/on", value, "--strict-json", "--json")
            failure(done, 2, "unknown-parameter")


def test_new_key(confkeep: Command, folder: Folder) -> None:
    """What is not there is added, at the end of its mapping or list."""
    address = folder.file("a.yaml", OLD)
    assert confkeep("set", address, "/automation/1/mode", "single").code == 0
    assert folder.read("a.yaml") == OLD.replace(b"delay: 6\n", b"delay: 6\n    mode: single\n")
    assert confkeep("set", address, "/automation/-", '{"alias": "gate"}').code == 0
    assert b"  - alias: gate\n" in folder.read("a.yaml")


def test_remove(confkeep: Command, folder: Folder) -> None:
    """An item goes with what belongs to it; the others stay."""
    address = folder.file("a.yaml", OLD)
    assert confkeep("unset", address, "/automation/0").code == 0
    assert folder.read("a.yaml") == b"# lights\nautomation:\n  - alias: porch\n    delay: 6\non: 'yes'\n"
    with untouched(folder.daemon, folder.path):
        failure(confkeep("unset", address, "/automation/7", "--json"), 6, "pointer-not-found")
        failure(confkeep("unset", folder.at("none.yaml"), "/a", "--json"), 6, "not-found")


@pytest.mark.parametrize("command", [["set", "x"], ["unset"]])
def test_pointer(command: list[str], confkeep: Command, folder: Folder) -> None:
    """One without its slash is wrong usage, and the remedy has it."""
    name, *value = command
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        done = confkeep(name, address, "on", *value, "--json")
        assert "/on" in failure(done, 2, "unknown-parameter")["remedy"]


def test_only_what_one_has_seen(confkeep: Command, folder: Folder) -> None:
    """--if-match: a conflict where the file has another etag."""
    address = folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        failure(confkeep("set", address, "/on", "1", "--if-match", etag(b"x"), "--json"), 4, "conflict")
        assert "would save" in confkeep("set", address, "/on", "1", "--if-match", etag(OLD), "--dry-run").text
    assert confkeep("unset", address, "/on", "--if-match", etag(OLD)).code == 0


def test_document_that_cannot_be_changed(confkeep: Command, folder: Folder) -> None:
    """Exit code 5 for one that cannot be read, and the place; nothing is written."""
    address = folder.file("a.yaml", b"a: 1\nb: ]\n")
    with untouched(folder.daemon, folder.path):
        members = failure(confkeep("set", address, "/a", "2", "--json"), 5, "invalid-document")
        assert "line 2" in members["detail"]


def test_json_and_toml(confkeep: Command, folder: Folder) -> None:
    """The same commands for the other formats."""
    json = folder.file("a.json", b'{\n  "a": 1, "b": [1]\n}\n')
    assert confkeep("set", json, "/a", "2").code == 0
    assert confkeep("unset", json, "/b/0").code == 0
    assert folder.read("a.json") == b'{\n  "a": 2, "b": []\n}\n'
    toml = folder.file("a.toml", b"# why\na = 1 # one\n[b]\nc = 2\n")
    assert confkeep("set", toml, "/a", "3").code == 0
    assert folder.read("a.toml") == b"# why\na = 3 # one\n[b]\nc = 2\n"
