import base64
import json
from typing import Any

import pytest

from tests.daemon.client import Answer
from tests.daemon.looking import Folder, etag, problem, untouched


def post(folder: Folder, *changes: dict[str, Any], query: str = "") -> Answer:
    """One transaction."""
    body = json.dumps({"changes": changes}).encode()
    return folder.daemon.ask("POST", f"/v1/transactions{query}", body)


def change(folder: Folder, name: str, content: str | None = "a: 2\n", **more: Any) -> dict[str, Any]:
    """A change of the file ``name``, whatever is there, unless ``more`` says otherwise."""
    root, _, path = folder.at(name).partition("/")
    wanted = {"root": root, "path": path} | ({} if content is None else {"content": content})
    return wanted | (more if more.keys() & {"if_match", "if_none_match"} else {"if_match": "*"} | more)


def test_all_of_them(folder: Folder) -> None:
    """Both routes, a new file, one that goes, text and any bytes: each is answered for, in the order of the request."""
    folder.file("a.yaml")
    folder.linked("b.yaml")
    folder.file("gone.yaml", b"c: 1\n")
    answer = post(
        folder,
        change(folder, "a.yaml", if_match=etag(b"a: 1\n")),
        change(folder, "gone.yaml", None, remove=True),
        change(folder, "b.yaml", None, content_base64=base64.b64encode(b"b: \xff\n").decode(), validate="off"),
        change(folder, "new.yaml", "d: 1\n", if_none_match="*"),
    )
    assert answer.status == 200, answer
    done = answer.json["changes"]
    assert [each["path"].rpartition("/")[2] for each in done] == ["a.yaml", "gone.yaml", "b.yaml", "new.yaml"]
    assert [(each["changed"], each["created"], each["removed"]) for each in done] == [
        (True, False, False),
        (True, False, True),
        (True, False, False),
        (True, True, False),
    ]
    assert [each["route"]["name"] for each in done] == ["replace", "replace", "overwrite", "replace"]
    assert (folder.read("a.yaml"), folder.read("b.yaml"), folder.read("new.yaml")) == (
        b"a: 2\n",
        b"b: \xff\n",
        b"d: 1\n",
    )
    assert "gone.yaml" not in folder.names()


def test_none_of_them(folder: Folder) -> None:
    """Every precondition that does not hold is listed, and nothing is changed."""
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        folder.file(name)
    with untouched(folder.daemon, folder.path):
        answer = post(
            folder,
            change(folder, "a.yaml"),
            change(folder, "b.yaml", if_match="0" * 64),
            change(folder, "c.yaml", if_none_match="*"),
        )
        failed = problem(answer, 412, "conflict")["failed"]
    assert [each["etag"] for each in failed] == [etag(b"a: 1\n")] * 2
    assert [each["path"].rpartition("/")[2] for each in failed] == ["b.yaml", "c.yaml"]


def test_one_that_is_not_valid(folder: Folder) -> None:
    """The file and the place in it are named, and nothing is changed."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        answer = post(folder, change(folder, "a.yaml"), change(folder, "b.yaml", "a: [\n", if_none_match="*"))
        found = problem(answer, 422, "invalid-document")
    assert (f"{found['root']}/{found['path']}", found["line"]) == (f"{folder.address}/b.yaml", 2)


def test_dry_run(folder: Folder) -> None:
    """What would be done, and by which route; nothing is."""
    folder.file("a.yaml")
    with untouched(folder.daemon, folder.path):
        answer = post(folder, change(folder, "a.yaml"), query="?dry_run=true")
    assert (answer.status, answer.json["dry_run"], answer.json["changes"][0]["changed"]) == (200, True, True)


def test_history(folder: Folder) -> None:
    """One message for all, and a removal is a revision without content."""
    folder.file("a.yaml")
    folder.file("b.yaml")
    post(folder, change(folder, "a.yaml"), change(folder, "b.yaml", None, remove=True), query="?message=both")
    newest = [
        folder.daemon.ask("GET", folder.url(name, "history")).json["revisions"][0] for name in ("a.yaml", "b.yaml")
    ]
    assert [(each["message"], each["state"], each["etag"]) for each in newest] == [
        ("both", "applied", etag(b"a: 2\n")),
        ("both", "applied", None),
    ]


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "unknown-parameter"),
        (b"[]", 422, "unknown-parameter"),
        (b'{"changes": []}', 422, "unknown-parameter"),
        (b'{"changes": [], "x": 1}', 422, "unknown-parameter"),
        (b'{"changes": [{"root": "ha", "path": "a", "patch": ' + b"[" * 5_000, 422, "unknown-parameter"),
        (b'{"changes": [{"root": "ha", "path": "a", "content": "x"}]}', 428, "precondition-required"),
        (b'{"changes": [{"root": "ha", "path": "a", "if_match": "*"}]}', 422, "unknown-parameter"),
        (b'{"changes": [{"root": "ha", "path": "a", "content": "", "remove": true, "if_match": "*"}]}', 422,
         "unknown-parameter"),
        (b'{"changes": [{"root": "ha", "path": "a", "content_base64": "?", "if_match": "*"}]}', 422,
         "unknown-parameter"),
        (b'{"changes": [{"root": "ha", "path": "a", "content": "", "if_match": "*", "if_none_match": "*"}]}', 422,
         "unknown-parameter"),
        (b'{"changes": [{"root": "nowhere", "path": "a", "content": "", "if_match": "*"}]}', 404, "no-root"),
        (b'{"changes": [{"root": "ha", "path": "../a", "content": "", "if_match": "*"}]}', 400, "bad-path"),
        (b'{"changes": [{"root": "ha", "path": "", "content": "", "if_match": "*"}]}', 400, "bad-path"),
        (b'{"changes": [{"root": "ha", "path": "none/a", "content": "", "if_none_match": "*"}]}', 404, "not-found"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(folder: Folder, body: bytes, status: int, slug: str) -> None:
    """By name, with a remedy; nothing is written."""
    with untouched(folder.daemon, folder.path):
        problem(folder.daemon.ask("POST", "/v1/transactions", body), status, slug)


def test_the_same_file_twice(folder: Folder) -> None:
    """By one name or by two of its names."""
    folder.linked("a.yaml")
    for other in ("a.yaml", "a.yaml.link"):
        problem(post(folder, change(folder, "a.yaml"), change(folder, other)), 422, "unknown-parameter")
    assert folder.read("a.yaml") == b"a: 1\n"


def test_too_many(folder: Folder) -> None:
    """GET /v1 says how many are taken."""
    most = folder.daemon.ask("GET", "/v1").json["limits"]["max_changes"]
    answer = post(folder, *(change(folder, f"{n}.yaml", if_none_match="*") for n in range(most + 1)))
    assert problem(answer, 422, "unknown-parameter")["limit"] == most
