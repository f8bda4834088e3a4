"""POST /v1/merge: two edits of one file as one content."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag, problem, untouched

if TYPE_CHECKING:
    from tests.daemon.client import Answer
    from tests.daemon.looking import Folder

BASE = b"# both\n- id: a\n  x: 1\n- id: b\n  x: 1\n"
MINE = BASE.replace(b"- id: a\n  x: 1", b"- id: a\n  x: 2")
THEIRS = BASE.replace(b"- id: b\n  x: 1", b"- id: b\n  x: 3")
BOTH = MINE.replace(b"- id: b\n  x: 1", b"- id: b\n  x: 3")


def edited(folder: Folder, name: str, base: bytes, theirs: bytes) -> int:
    """The number of the base, a revision of a file that somebody else has edited since."""
    number = folder.daemon.put(folder.at(name), base, if_none_match="*").json["revision"]
    folder.daemon.put(folder.at(name), theirs)
    return int(number)


def merge(folder: Folder, name: str, base: int | str, mine: bytes) -> Answer:
    """The answer to a merge."""
    return folder.daemon.ask("POST", f"{folder.url(name, 'merge')}?base={base}", mine)


def test_both_edits(folder: Folder) -> None:
    """By the base's number or etag; nothing is written, and the save replaces what it was merged with."""
    number = edited(folder, "a.yaml", BASE, THEIRS)
    with untouched(folder.daemon, folder.path):
        for base in (number, etag(BASE), f"%22{etag(BASE)}%22"):
            answer = merge(folder, "a.yaml", base, MINE)
            assert (answer.status, answer.body, answer.etag) == (200, BOTH, etag(THEIRS))
            assert answer.headers["Merged-By"] in {"structure", "lines"}
    merged = merge(folder, "a.yaml", number, MINE)
    saved = folder.daemon.put(folder.at("a.yaml"), merged.body, if_match=merged.headers["ETag"])
    assert (saved.status, folder.read("a.yaml")) == (200, BOTH)


def test_a_dump(folder: Folder) -> None:
    """With keep=comments the body gets the comments and the layout of the base; without it, it says what is to stay."""
    number = edited(folder, "a.yaml", BASE, THEIRS)
    dump = MINE.removeprefix(b"# both\n").replace(b"id: a", b"id: 'a'")
    url = f"{folder.url('a.yaml', 'merge')}?base={number}"
    assert folder.daemon.ask("POST", f"{url}&keep=comments", dump).body == BOTH
    assert b"# both" not in folder.daemon.ask("POST", f"{url}&keep=text", dump).body
    assert problem(folder.daemon.ask("POST", f"{url}&keep=all", dump), 422, "unknown-parameter")["parameter"] == "keep"


def test_the_link_of_a_conflict(folder: Folder) -> None:
    """What a 412 says is asked next leads here, whatever the name holds."""
    for name in ("a.yaml", "what? #1.yaml"):
        edited(folder, name, BASE, THEIRS)
        conflict = folder.daemon.put(folder.at(name), MINE, if_match=f'"{etag(BASE)}"')
        links = problem(conflict, 412, "conflict")["links"]
        assert folder.daemon.ask("POST", links["merge"], MINE).body == BOTH
        assert b"+  x: 3" in folder.daemon.ask("GET", links["diff"]).body


def test_both_changed_the_same(folder: Folder) -> None:
    """409 with both, marked, and the etag that a decision replaces; nothing is written."""
    number = edited(folder, "a.yaml", BASE, BASE.replace(b"a\n  x: 1", b"a\n  x: 9"))
    with untouched(folder.daemon, folder.path):
        answer = merge(folder, "a.yaml", number, MINE)
    members = problem(answer, 409, "merge-conflict")
    assert (members["conflicts"], members["etag"], answer.etag) == (1, etag(folder.read("a.yaml")), members["etag"])
    for line in ("<<<<<<< mine", "  x: 2", "  x: 9", ">>>>>>> theirs"):
        assert f"{line}\n" in members["text"]


def test_text_that_is_no_utf8(folder: Folder) -> None:
    """Comes as base64, of the very bytes."""
    number = edited(folder, "a.txt", b"Stra\xdfe\n", b"Gasse\n")
    members = problem(merge(folder, "a.txt", number, b"Stra\xdfen\n"), 409, "merge-conflict")
    assert b"Stra\xdfen\n" in base64.b64decode(members["text_base64"])
    assert "text" not in members


def test_a_secret_is_merged_and_not_told(folder: Folder) -> None:
    """Its content is in no problem, and in no log; who may read it gets the merge."""
    number = edited(folder, "secrets.yaml", b"a: hunter2-1\nb: 1\n", b"a: hunter2-2\nb: 1\n")
    answer = merge(folder, "secrets.yaml", number, b"a: hunter2-3\nb: 1\n")
    assert problem(answer, 409, "merge-conflict")["conflicts"] == 1
    assert b"hunter2" not in answer.body
    assert merge(folder, "secrets.yaml", number, b"a: hunter2-1\nb: 2\n").body == b"a: hunter2-2\nb: 2\n"
    assert "hunter2" not in folder.daemon.log


@pytest.mark.parametrize("base", ["", "?base=disk", "?base=latest", "?base="])
def test_a_merge_needs_a_base(folder: Folder, base: str) -> None:
    """What was edited is asked for."""
    folder.file("a.yaml", BASE)
    problem(folder.daemon.ask("POST", folder.url("a.yaml", "merge") + base, MINE), 422, "unknown-parameter")


def test_bases_that_are_none(folder: Folder) -> None:
    """Unknown, another file's, a removal; or there is no file to merge with."""
    number = edited(folder, "a.yaml", BASE, THEIRS)
    other = edited(folder, "b.yaml", BASE, MINE)
    for base in (other, etag(b"never"), 10**17):
        problem(merge(folder, "a.yaml", base, MINE), 404, "not-found")
    removed = folder.daemon.ask("DELETE", folder.url("a.yaml"), None, {"If-Match": "*"}).headers["Revision"]
    problem(merge(folder, "a.yaml", number, MINE), 404, "not-found")
    folder.daemon.put(folder.at("a.yaml"), BASE, if_none_match="*")
    problem(merge(folder, "a.yaml", removed, MINE), 409, "no-content")
