"""/v1/diff: what is different between two contents of a file."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from confkeep import comparing
from tests.daemon.looking import etag, problem, untouched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.looking import Folder

ONE, TWO, THREE = (b"# c\na: %d\nb: x\n" % number for number in (1, 2, 3))
SECRET = b"hunter2-correct-horse"


def three(folder: Folder) -> list[int]:
    """A file with three revisions; their numbers."""
    folder.file("a.yaml", ONE)
    second = folder.daemon.put(folder.at("a.yaml"), TWO).json["revision"]
    return [second - 1, second, folder.daemon.put(folder.at("a.yaml"), THREE).json["revision"]]


def lines(body: bytes) -> list[bytes]:
    """Those that are gone and those that are new."""
    return [line for line in body.splitlines()[2:] if line[:1] in {b"-", b"+"}]


def test_the_last_change(folder: Folder) -> None:
    """Without parameters, as patch(1) takes it; nothing is written."""
    three(folder)
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.ask("GET", folder.url("a.yaml", "diff"))
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/x-diff")
    assert lines(answer.body) == [b"-a: 2", b"+a: 3"]


def test_between_any_two(folder: Folder) -> None:
    """By number, by etag, and what is on the disk; the one before another, too."""
    first, second, third = three(folder)
    ask = {
        f"?from={first}": [b"-a: 1", b"+a: 3"],
        f"?from={first}&to={second}": [b"-a: 1", b"+a: 2"],
        f"?from={third}&to={first}": [b"-a: 3", b"+a: 1"],
        f"?to={second}": [b"-a: 1", b"+a: 2"],
        f"?from={etag(ONE)}&to=disk": [b"-a: 1", b"+a: 3"],
        f"?from=%22{etag(ONE)}%22": [b"-a: 1", b"+a: 3"],
        f"?from=disk&to={etag(TWO)}": [b"-a: 3", b"+a: 2"],
        "?from=disk": [],
    }
    for query, found in ask.items():
        answer = folder.daemon.ask("GET", folder.url("a.yaml", "diff") + query)
        assert lines(answer.body) == found, query
        assert bool(answer.body) is bool(found)


def test_as_data(folder: Folder) -> None:
    """Which paths changed, from what to what, and both contents by name."""
    first, _, third = three(folder)
    said = folder.daemon.ask("GET", f"{folder.url('a.yaml', 'diff')}?from={first}&format=json").json
    assert said["from"] == {"etag": etag(ONE), "revision": first, "size": len(ONE)}
    assert said["to"] == {"etag": etag(THREE), "revision": third, "size": len(THREE)}
    assert said["differences"] == [{"kind": "changed", "path": "/a", "old": 1, "new": 3}]
    assert (said["same"], lines(said["unified"].encode())) == (False, [b"-a: 1", b"+a: 3"])


def test_values_of_any_kind(folder: Folder) -> None:
    """Numbers that no integer type holds, what JSON has no number for, half a pair of surrogates."""
    folder.file("a.yaml", b"x: 1\n")
    for written in (b"1" * 40, b".nan", b".inf", b'"\\ud800"', b"2026-01-01", b"!!binary aGk=", b"[1, {b: null}]"):
        answer = folder.daemon.ask("POST", f"{folder.url('a.yaml', 'diff')}?format=json", b"x: " + written + b"\n")
        assert answer.status == 200, written
        assert answer.json["same"] is False


def test_keys_of_any_kind(folder: Folder) -> None:
    """JSON escapes half a pair of surrogates, which UTF-8 does not have: so does the answer."""
    folder.file("a.json", b"{}")
    answer = folder.daemon.ask("POST", f"{folder.url('a.json', 'diff')}?format=json", b'{"\\ud800": 1}')
    assert answer.json["differences"] == [{"kind": "added", "path": "/\ud800", "old": None, "new": 1}]


def test_what_is_proposed(folder: Folder) -> None:
    """A body against the disk, or against a revision; nothing is written."""
    first, *_ = three(folder)
    with untouched(folder.daemon, folder.path):
        for query, gone in (("", b"-a: 3"), (f"?from={first}", b"-a: 1")):
            answer = folder.daemon.ask("POST", folder.url("a.yaml", "diff") + query, b"# c\na: 9\nb: x\n")
            assert lines(answer.body) == [gone, b"+a: 9"]
        said = folder.daemon.ask("POST", f"{folder.url('a.yaml', 'diff')}?format=json", THREE).json
    assert (said["same"], said["differences"], said["unified"]) == (True, [], "")


def test_files_that_come_and_go(folder: Folder) -> None:
    """Where there is no file, all of the other is new, or gone."""
    folder.daemon.put(folder.at("a.yaml"), ONE, if_none_match="*")
    folder.daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"})
    gone = folder.daemon.ask("GET", folder.url("a.yaml", "diff"))
    assert b"+++ /dev/null\n" in gone.body
    assert folder.daemon.ask("GET", f"{folder.url('a.yaml', 'diff')}?format=json").json["to"]["etag"] is None
    new = folder.daemon.ask("POST", folder.url("new.yaml", "diff"), ONE)
    assert new.body.startswith(b"--- /dev/null\n+++ b/")
    problem(folder.daemon.ask("GET", folder.url("never.yaml", "diff")), 404, "not-found")


@pytest.mark.parametrize("name", ["a.yaml", "two\nlines", 'quo"te', "ü b", "back\\slash"])
def test_git_takes_it(folder: Folder, name: str, tmp_path: Path) -> None:
    """Whatever the name holds, below the root's directory."""
    address = folder.file(name, ONE)
    relative = address.partition("/")[2]
    answer = folder.daemon.ask("POST", folder.url(name, "diff"), TWO)
    (tmp_path / relative).parent.mkdir()
    (tmp_path / relative).write_bytes(ONE)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=answer.body, check=True)
    assert (tmp_path / relative).read_bytes() == TWO


def test_bytes_of_any_encoding(folder: Folder) -> None:
    """As they are; in JSON, which has only text, the lines are left out."""
    folder.file("a.txt", "Stra\xdfe\n".encode("latin-1"))
    body = "Stra\xdfen\n".encode("latin-1")
    assert lines(folder.daemon.ask("POST", folder.url("a.txt", "diff"), body).body)[1] == b"+Stra\xdfen"
    said = folder.daemon.ask("POST", f"{folder.url('a.txt', 'diff')}?format=json", body).json
    assert (said["unified"], said["same"]) == (None, False)


@pytest.mark.parametrize("name", ["secrets.yaml", "soft.yaml", "hard.yaml"])
def test_secrets_are_in_no_diff(folder: Folder, name: str) -> None:
    """Whoever may read them may compare them, but not here."""
    folder.file("secrets.yaml", b"a: " + SECRET + b"\n")
    (folder.path / "soft.yaml").symlink_to("secrets.yaml")
    (folder.path / "hard.yaml").hardlink_to(folder.path / "secrets.yaml")
    for query in ("", "?format=json"):
        answer = folder.daemon.ask("POST", folder.url(name, "diff") + query, b"a: 1\n")
        problem(answer, 403, "forbidden")
        assert SECRET not in answer.body
    folder.daemon.put(folder.at(name), b"a: 2\n")
    problem(folder.daemon.ask("GET", folder.url(name, "diff")), 403, "forbidden")


def test_a_conflict_of_a_secret_leads_to_no_diff(folder: Folder) -> None:
    """But to the merge, whose answer is the file's content as that of a GET is."""
    base = folder.daemon.put(folder.at("secrets.yaml"), b"a: 1\n", if_none_match="*").headers["ETag"]
    folder.daemon.put(folder.at("secrets.yaml"), b"a: 2\n")
    links = problem(folder.daemon.put(folder.at("secrets.yaml"), b"a: 3\n", if_match=base), 412, "conflict")["links"]
    assert links.keys() == {"merge"}


def test_problems(folder: Folder) -> None:
    """Of another file, of none, of no content at all."""
    first, *_ = three(folder)
    folder.daemon.put(folder.at("other.yaml"), ONE, if_none_match="*")
    url, other = folder.url("a.yaml", "diff"), folder.url("other.yaml", "diff")
    problem(folder.daemon.ask("GET", f"{other}?from={first}"), 404, "not-found")
    problem(folder.daemon.ask("GET", f"{other}?from={etag(TWO)}"), 404, "not-found")
    problem(folder.daemon.ask("GET", other), 404, "not-found")
    problem(folder.daemon.ask("GET", f"{url}?from={10**17}"), 404, "not-found")
    for query in ("?from=HEAD", "?to=", f"?from={10**19}", "?from=-1", "?format=html"):
        problem(folder.daemon.ask("GET", url + query), 422, "unknown-parameter")
    problem(folder.daemon.ask("GET", "/v1/diff/ha/"), 409, "not-a-regular-file")


def test_too_much(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A content over the limit is not compared."""
    from confkeep.errors import BodyTooLarge
    from confkeep.files.root import Root

    monkeypatch.setattr(comparing, "MOST", 4)
    folder.file("a.txt", b"12345")
    root = Root("ha", str(folder.path))
    small, large = comparing.Side("/a.txt", b"1"), comparing.Side("/a.txt", b"12345")
    for old, new in ((small, large), (large, small)):
        with pytest.raises(BodyTooLarge):
            comparing.compare(root, "a.txt", old, new, by_structure=False)
