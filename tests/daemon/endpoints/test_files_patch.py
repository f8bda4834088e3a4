"""PATCH: one thing of a document is changed, every other byte kept."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.daemon.fixtures import MAX_BODY
from tests.daemon.looking import etag, problem, untouched

if TYPE_CHECKING:
    from tests.daemon.client import Answer
    from tests.daemon.looking import Folder

OLD = b"# hand-written\nlight:\n  - platform: demo  # the first\n    name: 'Hall'\nscene: []\n"
NEW = OLD.replace(b"'Hall'", b"'Porch'")
RENAME = [{"op": "replace", "path": "/light/0/name", "value": "Porch"}]
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
ROUTES = pytest.mark.parametrize("route", ["replace", "overwrite"])


def patch(folder: Folder, name: str, body: object, query: str = "", **headers: str) -> Answer:
    """The answer to a patch; an object is a merge patch. ``if_match="*"`` unless said otherwise."""
    kind = MERGE_PATCH if isinstance(body, dict) else JSON_PATCH
    given = {name.replace("_", "-"): value for name, value in (headers or {"if_match": "*"}).items()}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return folder.daemon.ask("PATCH", folder.url(name) + query, data, {"Content-Type": kind, **given})


@ROUTES
@pytest.mark.parametrize("body", [RENAME, {"scene": [{"name": "evening"}]}], ids=["patch", "merge"])
def test_one_thing_changes(route: str, body: object, folder: Folder) -> None:
    """What is asked for, and no other line; the answer is that of a save."""
    (folder.file if route == "replace" else folder.linked)("a.yaml", OLD)
    answer = patch(folder, "a.yaml", body, if_match=f'"{etag(OLD)}"')
    saved, now = answer.json, folder.read("a.yaml")
    assert (answer.status, answer.etag, saved["etag"]) == (200, etag(now), etag(now))
    assert (saved["changed"], saved["created"], saved["checked"], saved["route"]["name"]) == (
        True,
        False,
        "yaml",
        route,
    )
    lost = set(OLD.splitlines()) - set(now.splitlines())
    assert lost == ({b"    name: 'Hall'"} if body == RENAME else {b"scene: []"})
    assert answer.headers["Revision"] == str(saved["revision"])


def test_it_is_a_save_like_others(folder: Folder) -> None:
    """History with its message, the audit's line with its revision, a counter."""
    folder.file("a.yaml", OLD)
    number = patch(folder, "a.yaml", RENAME, "?message=renamed").json["revision"]
    newest = folder.daemon.ask("GET", folder.url("a.yaml", "history")).json["revisions"][0]
    assert (newest["id"], newest["origin"], newest["message"]) == (number, "api", "renamed")
    assert f"PATCH {folder.url('a.yaml')}: 200 saved revision {number}" in folder.daemon.log


def test_dry_run_writes_nothing(folder: Folder) -> None:
    """The etag that would be; mistakes are found."""
    folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        said = patch(folder, "a.yaml", RENAME, "?dry_run=true").json
        assert (said["dry_run"], said["changed"], said["etag"], said["revision"]) == (True, True, etag(NEW), None)
        assert patch(folder, "a.yaml", [{"op": "remove", "path": "/x"}], "?dry_run=true").status == 422


def test_a_repeated_request_finds_its_own_result(folder: Folder) -> None:
    """Its answer was lost: the same again is 200, and nothing is done twice."""
    folder.file("a.yaml", OLD)
    append = [{"op": "add", "path": "/scene/-", "value": {"name": "evening"}}]
    first = patch(folder, "a.yaml", append, if_match=f'"{etag(OLD)}"')
    with untouched(folder.daemon, folder.path):
        again = patch(folder, "a.yaml", append, if_match=f'"{etag(OLD)}"')
    assert (again.status, again.json["changed"], again.etag) == (200, False, first.etag)


def test_a_patch_that_changes_nothing(folder: Folder) -> None:
    """No write, no revision, as any save of what is there."""
    folder.file("a.yaml", OLD)
    folder.daemon.put(folder.at("a.yaml"), OLD + b"\n")
    with untouched(folder.daemon, folder.path):
        answer = patch(folder, "a.yaml", {"scene": []})
    assert (answer.status, answer.json["changed"]) == (200, False)


def test_a_stale_etag(folder: Folder) -> None:
    """412 with what is there, and where to compare and to merge; also where the patch does not fit the base."""
    base = folder.daemon.put(folder.at("a.yaml"), OLD, if_none_match="*").etag
    folder.daemon.put(folder.at("a.yaml"), OLD + b"more: 1\n")
    for body in (RENAME, [{"op": "remove", "path": "/none"}]):
        with untouched(folder.daemon, folder.path):
            members = problem(patch(folder, "a.yaml", body, if_match=f'"{base}"'), 412, "conflict")
        assert (members["base"], members["base_known"]) == (base, True)
        assert members["links"].keys() == {"diff", "merge"}
    unknown = problem(patch(folder, "a.yaml", RENAME, if_match=f'"{"0" * 64}"'), 412, "conflict")
    assert unknown["base_known"] is False
    assert "links" not in unknown


def test_whatever_is_there(folder: Folder) -> None:
    """Twenty patches of one list at once, each over anything: none is lost, and none is overtaken too often."""
    folder.file("a.yaml", b"list: []\n")

    def append(number: int) -> int:
        return patch(folder, "a.yaml", [{"op": "add", "path": "/list/-", "value": number}]).status

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(append, range(40))) == {200}
    assert sorted(int(line[4:]) for line in folder.read("a.yaml").splitlines() if b"- " in line) == list(range(40))


PROBLEMS: dict[str, tuple[object, int, str]] = {
    "no JSON": (b"{", 400, "bad-patch"),
    "no operation": ([{"op": "shuffle", "path": ""}], 400, "bad-patch"),
    "no array": (b"{}", 400, "bad-patch"),
    "test": ([{"op": "test", "path": "/light/0/name", "value": "Porch"}], 409, "patch-test-failed"),
    "pointer": ([{"op": "replace", "path": "/light/7/name", "value": "Porch"}], 422, "pointer-not-found"),
    "too large": (b'"' + b"x" * MAX_BODY + b'"', 413, "body-too-large"),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_problems(case: str, folder: Folder) -> None:
    """Each is named, and nothing is written."""
    body, status, slug = PROBLEMS[case]
    folder.file("a.yaml", OLD)
    with untouched(folder.daemon, folder.path):
        problem(patch(folder, "a.yaml", body), status, slug)


def test_the_file_must_be_a_document(folder: Folder) -> None:
    """One that cannot be read, one of no known format, one that is not there."""
    cases = {"broken.yaml": (b"a: [\n", 422, "invalid-document"), "a.bin": (b"x", 422, "not-representable")}
    for name, (data, status, slug) in cases.items():
        folder.file(name, data)
        members = problem(patch(folder, name, RENAME), status, slug)
        assert name in members["detail"]
    problem(patch(folder, "none.yaml", RENAME), 404, "not-found")
    problem(patch(folder, "none.yaml", RENAME, if_match='"x"'), 404, "not-found")
    assert folder.names() == set(cases)


def test_a_patch_does_not_create(folder: Folder) -> None:
    """It says what it changes: nothing, nothing at all, and a new file are refused."""
    folder.file("a.yaml", OLD)
    headers = {"Content-Type": JSON_PATCH}
    bare = folder.daemon.ask("PATCH", folder.url("a.yaml"), json.dumps(RENAME).encode(), headers)
    problem(bare, 428, "precondition-required")
    problem(patch(folder, "new.yaml", RENAME, if_none_match="*"), 422, "unknown-parameter")
    assert folder.read("a.yaml") == OLD


def test_little_that_becomes_much(folder: Folder) -> None:
    """Copies of copies: over the limit of a body nothing is saved that could not be read again."""
    folder.file("a.json", b'{"a": "' + b"x" * 30_000 + b'"}\n')
    copies = [{"op": "copy", "from": "", "path": f"/{number}"} for number in range(2)]
    root, _, path = folder.at("a.json").partition("/")
    with untouched(folder.daemon, folder.path):
        members = problem(patch(folder, "a.json", copies), 413, "body-too-large")
        change: dict[str, object] = {"root": root, "path": path, "if_match": "*", "patch": copies}
        problem(transact(folder, [change]), 413, "body-too-large")
    assert members["limit"] == MAX_BODY


@pytest.mark.parametrize("kind", ["", "application/json", "text/yaml", "application/json-patch"])
def test_other_types(kind: str, folder: Folder) -> None:
    """415 says which are taken, in a header of its own (RFC 5789, 2.2)."""
    folder.file("a.yaml", OLD)
    headers = {"If-Match": "*", **({"Content-Type": kind} if kind else {})}
    answer = folder.daemon.ask("PATCH", folder.url("a.yaml"), json.dumps(RENAME).encode(), headers)
    members = problem(answer, 415, "unsupported-media-type")
    assert answer.headers["Accept-Patch"].split(", ") == members["accepted"] == [JSON_PATCH, MERGE_PATCH]


def test_a_type_with_parameters(folder: Folder) -> None:
    """A charset says nothing (RFC 8259, 11); case does not count."""
    folder.file("a.yaml", OLD)
    headers = {"If-Match": "*", "Content-Type": "Application/JSON-Patch+json; charset=utf-8"}
    assert folder.daemon.ask("PATCH", folder.url("a.yaml"), json.dumps(RENAME).encode(), headers).status == 200
    assert folder.read("a.yaml") == NEW


SECRET = "hunter2-correct-horse"  # noqa: S105 - what is looked for


@pytest.mark.parametrize("name", ["secrets.yaml", "link.yaml"])
def test_a_secret_is_changed_and_not_told(name: str, folder: Folder) -> None:
    """Errors name the file, and nothing that is in it."""
    folder.file("secrets.yaml", f"{SECRET}: 1\nx: &{SECRET} 2\ny: *{SECRET}\n".encode())
    (folder.path / "link.yaml").symlink_to("secrets.yaml")
    bodies: list[Any] = [[{"op": "remove", "path": "/x"}], [{"op": "test", "path": "/y", "value": 1}]]
    bodies.append([{"op": "remove", "path": "/y/z"}])
    for body in bodies:
        answer = patch(folder, name, body)
        assert answer.status in {409, 422}, answer
        assert SECRET.encode() not in answer.body
    assert SECRET not in folder.daemon.log
    assert patch(folder, name, {SECRET: 3}).status == 200
    assert f"{SECRET}: 3" in folder.read("secrets.yaml").decode()


@pytest.mark.parametrize("text", [OLD, NEW], ids=["changed", "same"])
def test_in_a_transaction(text: bytes, folder: Folder) -> None:
    """Beside other changes, all or none; a repeated one finds its own result."""
    folder.file("a.yaml", text)
    folder.file("b.json", b'{"a": 1}\n')
    root, _, path = folder.at("").partition("/")
    changes: list[dict[str, object]] = [
        {"root": root, "path": f"{path}a.yaml", "if_match": etag(text), "patch": RENAME},
        {"root": root, "path": f"{path}b.json", "if_match": etag(b'{"a": 1}\n'), "patch": {"a": None, "b": 2.50}},
        {"root": root, "path": f"{path}c.yaml", "if_none_match": "*", "content": "c: 1\n"},
    ]
    first = transact(folder, changes[:2])
    assert first.status == 200, first
    assert folder.read("a.yaml") == NEW
    assert json.loads(folder.read("b.json")) == {"b": 2.5}
    again = transact(folder, changes[:2])
    assert [change["changed"] for change in again.json["changes"]] == [False, False]
    with untouched(folder.daemon, folder.path):
        stale: list[dict[str, object]] = [*changes[:1], {**changes[1], "if_match": "0" * 64}, changes[2]]
        members = problem(transact(folder, stale), 412, "conflict")
        assert [one["path"] for one in members["failed"]] == [f"{path}b.json"]


def transact(folder: Folder, changes: list[dict[str, object]]) -> Answer:
    """The answer to these changes."""
    return folder.daemon.ask("POST", "/v1/transactions", json.dumps({"changes": changes}).encode())


def test_problems_in_a_transaction(folder: Folder) -> None:
    """Each says of which file it is; nothing is written."""
    folder.file("a.yaml", OLD)
    root, _, path = folder.at("a.yaml").partition("/")
    at: dict[str, object] = {"root": root, "path": path, "if_match": "*"}
    cases: list[tuple[dict[str, object], int, str]] = [
        ({"patch": [{"op": "remove", "path": "/none"}]}, 422, "pointer-not-found"),
        ({"patch": [{"op": "remove"}]}, 400, "bad-patch"),
        ({"patch": 7}, 400, "bad-patch"),
        ({"patch": None}, 400, "bad-patch"),
        ({"patch": {}, "content": "a: 1\n"}, 422, "unknown-parameter"),
        ({"patch": {}, "remove": True}, 422, "unknown-parameter"),
        ({"patch": {}, "if_match": None, "if_none_match": "*"}, 422, "unknown-parameter"),
    ]
    new: dict[str, object] = {"root": root, "path": f"{path}.new", "if_none_match": "*", "content": "a: 1\n"}
    with untouched(folder.daemon, folder.path):
        for said, status, slug in cases:
            members = problem(transact(folder, [new, {**at, **said}]), status, slug)
            assert status == 422 or (members["root"], members["path"]) == (root, path)
