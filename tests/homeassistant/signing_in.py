"""The ways in which somebody gets a token of Home Assistant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from tests.homeassistant.person import Answer, Person, ask

if TYPE_CHECKING:
    from pathlib import Path

#: Where the pages say that they come from; the same in each run, so that a token of one is good in the next.
_CLIENT: Final = "http://confkeep.test/"
_OWNER: Final = {"username": "owner", "password": "correct horse"}


def first_visit(port: int, python: Path) -> Person:
    """The first page of all: the owner is made."""
    user = {"name": "Owner", "language": "en", "client_id": _CLIENT, **_OWNER}
    code = _post(port, "/api/onboarding/users", user).body["auth_code"]
    return _person(port, python, grant_type="authorization_code", code=code)


def login(port: int, python: Path) -> Person:
    """The owner, by name and password, as in another browser: a refresh token of its own."""
    flow = {"client_id": _CLIENT, "handler": ["homeassistant", None], "redirect_uri": _CLIENT}
    number = _post(port, "/auth/login_flow", flow).body["flow_id"]
    code = _post(port, f"/auth/login_flow/{number}", {"client_id": _CLIENT, **_OWNER}).body["result"]
    return _person(port, python, grant_type="authorization_code", code=code)


def returning(port: int, python: Path, config: Path) -> Person:
    """The owner, by the refresh token of the first visit."""
    stored = json.loads((config / ".storage" / "auth").read_text("utf-8"))["data"]["refresh_tokens"]
    token = next(each["token"] for each in stored if each["client_id"] == _CLIENT)
    return _person(port, python, grant_type="refresh_token", refresh_token=token)


def _person(port: int, python: Path, **grant: str) -> Person:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = ask(port, "POST", "/auth/token", urlencode({"client_id": _CLIENT, **grant}), headers)
    assert answer.status == 200, answer
    return Person(port, python, answer.body["access_token"])


def _post(port: int, path: str, body: object) -> Answer:
    answer = ask(port, "POST", path, json.dumps(body), {"Content-Type": "application/json"})
    assert answer.status == 200, answer
    return answer
