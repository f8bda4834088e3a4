"""Files among the secrets: their content leaves by GET alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import problem

if TYPE_CHECKING:
    from tests.daemon.looking import Folder

PASSWORD = "hunter2-correct-horse"  # noqa: S105 - what is looked for
#: Not valid in ways whose messages would quote a key, an anchor, a tag.
BROKEN = {
    "alias": f"a: *{PASSWORD}\n",
    "duplicate key": f"{PASSWORD}: 1\n{PASSWORD}: 2\n",
    "syntax": f"a: [{PASSWORD}\n",
    "tag": f"%TAG !{PASSWORD}! x\n--- !nope!{PASSWORD} a\n",
    "tab": f"a:\n\t{PASSWORD}: 1\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("name", ["secrets.yaml", "link.yaml"])
def test_an_error_says_where_and_nothing_of_what(folder: Folder, name: str, text: str) -> None:
    """Line and column, for a file that is a secret by its own name or by that of what it leads to."""
    folder.file("secrets.yaml")
    (folder.path / "link.yaml").symlink_to("secrets.yaml")
    answer = folder.daemon.put(folder.at(name), text.encode(), "?validate=strict")
    members = problem(answer, 422, "invalid-document")
    assert PASSWORD not in json.dumps(members)
    assert members["line"] >= 1
    assert members["diagnostics"][0]["code"]
    root, _, path = folder.at(name).partition("/")
    change = {"root": root, "path": path, "content": text, "if_match": "*", "validate": "strict"}
    answer = folder.daemon.ask("POST", "/v1/transactions", json.dumps({"changes": [change]}).encode())
    assert PASSWORD not in json.dumps(problem(answer, 422, "invalid-document"))
    assert PASSWORD not in folder.daemon.log


def test_other_files_are_explained(folder: Folder) -> None:
    """The control: what is no secret gets the whole message."""
    answer = folder.daemon.put(folder.at("a.yaml"), b"a: *no-secret\n", if_none_match="*")
    assert "no-secret" in json.dumps(problem(answer, 422, "invalid-document"))
    folder.file("secrets.yaml")
    answer = folder.daemon.put(folder.linked("b.yaml"), b"a: *no-secret\n")
    assert "no-secret" in json.dumps(problem(answer, 422, "invalid-document"))


def test_a_whole_life_leaves_no_trace_outside_the_store(folder: Folder) -> None:
    """Saved, refused, conflicting, removed, restored: no answer but GET, no metric and no line of the log shows it."""
    data = f"password: {PASSWORD}\n".encode()
    name = folder.at("secrets.yaml")
    answers = [folder.daemon.put(name, data, if_none_match="*"), folder.daemon.put(name, data, if_none_match="*")]
    answers.append(folder.daemon.put(name, data + b"x", "?message=ours", if_match='"0"'))
    number = answers[0].json["revision"]
    answers += [folder.daemon.ask("GET", folder.url("secrets.yaml", noun)) for noun in ("stat", "history")]
    answers.append(folder.daemon.ask("GET", f"/v1/revisions/{number}"))
    answers.append(folder.daemon.ask("DELETE", folder.url("secrets.yaml"), None, {"If-Match": "*"}))
    answers.append(folder.daemon.ask("POST", f"/v1/revisions/{number}/restore", None, {"If-None-Match": "*"}))
    answers.append(folder.daemon.ask("GET", "/metrics"))
    assert all(PASSWORD.encode() not in answer.body for answer in answers)
    assert PASSWORD not in folder.daemon.log
    assert folder.daemon.get(name).body == data
    for path in (folder.daemon.state, *folder.daemon.state.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


def test_it_is_marked(folder: Folder) -> None:
    """A client knows that what it shows is a secret."""
    for name, secret in (("secrets.yaml", True), ("a.yaml", False)):
        saved = folder.daemon.put(folder.at(name), b"a: 1\n", if_none_match="*")
        assert folder.daemon.ask("GET", folder.url(name, "stat")).json["secret"] is secret
        assert folder.daemon.ask("GET", folder.url(name, "history")).json["secret"] is secret
        assert folder.daemon.ask("GET", f"/v1/revisions/{saved.json['revision']}").json["secret"] is secret


def test_another_name_of_a_secret_hides_as_much(folder: Folder) -> None:
    """A hard link beside it: what it holds is not shown; a symbolic link is marked as well."""
    folder.file("secrets.yaml")
    (folder.path / "hard.yaml").hardlink_to(folder.path / "secrets.yaml")
    (folder.path / "soft.yaml").symlink_to("secrets.yaml")
    answer = folder.daemon.put(folder.at("hard.yaml"), BROKEN["duplicate key"].encode(), "?validate=strict")
    assert PASSWORD not in json.dumps(problem(answer, 422, "invalid-document"))
    assert PASSWORD not in folder.daemon.log
    for noun in ("stat", "history"):
        assert folder.daemon.ask("GET", folder.url("soft.yaml", noun)).json["secret"] is True
