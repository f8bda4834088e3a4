"""POST /v1/validate: the complete check, of what is not saved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.daemon.fixtures import MAX_BODY
from tests.daemon.looking import problem, untouched
from tests.daemon.running import toml

if TYPE_CHECKING:
    from pathlib import Path

    from tests.daemon.fixtures import Serve
    from tests.daemon.looking import Folder
    from tests.daemon.running import Daemon


def test_what_is_wrong_with_a_document(folder: Folder) -> None:
    """All of it, with positions as editors count them; 200 all the same, and nothing is written."""
    with untouched(folder.daemon, folder.path):
        answer = folder.daemon.ask("POST", "/v1/validate?name=a.yaml", b"a: 1\na: 2\nb: ]\n")
    said = answer.json
    assert (answer.status, said["valid"], said["format"], said["dialect"]) == (200, False, "yaml", "generic")
    assert [(one["severity"], one["range"]["start"]["line"]) for one in said["diagnostics"]][:2] == [
        ("error", 1),
        ("error", 2),
    ]


@pytest.mark.parametrize(
    ("query", "body", "said"),
    [
        ("name=a.yaml", b"a: 1\n", (True, "yaml", "generic")),
        ("name=compose.yaml", b"a: 1\n", (True, "yaml", "compose")),
        ("name=a.json", b"{", (False, "json", "generic")),
        ("name=a.toml", b"a = 1\n", (True, "toml", "generic")),
        ("name=a.bin", b"[\xff", (True, None, "generic")),
        ("format=json", b"{", (False, "json", "generic")),
        ("name=a.yaml&format=toml&dialect=esphome", b"a = 1\n", (True, "toml", "esphome")),
        ("root=ha&name=a.yaml", b"a: [\n", (False, "yaml", "generic")),
    ],
)
def test_what_it_is(house: Daemon, query: str, body: bytes, said: tuple[bool, str | None, str]) -> None:
    """By its name, unless the query says it; what is not known is not looked at."""
    answer = house.ask("POST", f"/v1/validate?{query}", body).json
    assert (answer["valid"], answer["format"], answer["dialect"]) == said


def test_the_dialect_decides(house: Daemon) -> None:
    """A duplicate key is a mistake; Home Assistant itself only warns."""
    body = b"a: 1\na: 2\n"
    for dialect, valid in (("generic", False), ("home-assistant", True)):
        said = house.ask("POST", f"/v1/validate?format=yaml&dialect={dialect}", body).json
        assert (said["valid"], said["diagnostics"][0]["code"]) == (valid, "duplicate-key")


def test_a_root_has_settings(serve: Serve, disk: Path) -> None:
    """They count for the check as for the save."""
    (disk / "config").mkdir()
    settings = toml(roots={"ha": {"path": f"{disk}/config", "dialect": "home-assistant"}})
    daemon = serve(settings=settings + "formats = {'*.list' = 'yaml'}\n")
    said = daemon.ask("POST", "/v1/validate?root=ha&name=a.list", b"a: !secret x\nb: [\n").json
    assert (said["valid"], said["format"], said["dialect"]) == (False, "yaml", "home-assistant")
    problem(daemon.put("ha/a.list", b"b: [\n", if_none_match="*"), 422, "invalid-document")
    saved = daemon.put("ha/a.list", b"a: 1\na: 2\n", "?validate=strict", if_none_match="*")
    assert (saved.status, saved.json["checked"]) == (201, "yaml")
    change = {"root": "ha", "path": "b.list", "if_none_match": "*", "content": "b: [\n"}
    answer = daemon.ask("POST", "/v1/transactions", json.dumps({"changes": [change]}).encode())
    problem(answer, 422, "invalid-document")


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("", 422, "unknown-parameter"),
        ("?root=ha", 422, "unknown-parameter"),
        ("?root=ha&format=yaml", 422, "unknown-parameter"),
        ("?root=ha&name=../a", 400, "bad-path"),
        ("?root=none&name=a", 404, "no-root"),
        ("?format=word", 422, "unknown-parameter"),
        ("?name=a.yaml&dialect=klingon", 422, "unknown-parameter"),
    ],
)
def test_problems(house: Daemon, query: str, status: int, slug: str) -> None:
    """What cannot be known is asked for."""
    problem(house.ask("POST", f"/v1/validate{query}", b"a: 1\n"), status, slug)


def test_limits(house: Daemon) -> None:
    """As of any body."""
    members = problem(house.ask("POST", "/v1/validate?name=a.txt", b"x" * (MAX_BODY + 1)), 413, "body-too-large")
    assert members["limit"] == MAX_BODY


def test_it_asks_for_no_change(house: Daemon) -> None:
    """The audit has no line of it, nor has it the content."""
    house.ask("POST", "/v1/validate?name=a.yaml&format=yaml", b"password: [hunter2-v\n")
    assert "audit: POST /v1/validate" not in house.log
    assert "hunter2-v" not in house.log


def test_a_secret_by_its_name(house: Daemon) -> None:
    """Says where, and not what."""
    answer = house.ask("POST", "/v1/validate?name=secrets.yaml", b"a: *hunter2\n")
    assert answer.json["valid"] is False
    assert b"hunter2" not in answer.body
