"""Somebody who is signed in to Home Assistant: what the pages in the browser ask it."""

from __future__ import annotations

import http.client
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds for one answer.
PATIENCE: Final = 60.0
#: Signs in, sends one command, prints the answer.
_COMMAND: Final = """
import asyncio, json, sys, aiohttp

async def ask(port, token, command, event):
    url = f"http://127.0.0.1:{port}/api/websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "auth", "access_token": token})
        assert (await socket.receive_json())["type"] == "auth_ok"
        await socket.send_json({"id": 1, **command})
        answer = await socket.receive_json()
        if event and answer["success"]:
            answer["result"] = (await socket.receive_json())["event"]
        print(json.dumps(answer))

asyncio.run(ask(**json.load(sys.stdin)))
"""


class Answer(NamedTuple):
    """``body`` is what the JSON says; the text, where it is none."""

    status: int
    body: Any


@dataclass(frozen=True)
class Person:
    """One login: a refresh token of its own. ``kind`` is what the editor edits: automation, script or scene."""

    port: int
    python: Path
    token: str

    def get(self, kind: str, key: str) -> Answer:
        """What the editor opens."""
        return self.ask("GET", f"/api/config/{kind}/config/{key}")

    def post(self, kind: str, key: str, body: object) -> Answer:
        """Press Save: ``key`` is created, or updated."""
        return self.ask("POST", f"/api/config/{kind}/config/{key}", body)

    def delete(self, kind: str, key: str) -> Answer:
        """Press Delete."""
        return self.ask("DELETE", f"/api/config/{kind}/config/{key}")

    def states(self) -> dict[str, dict[str, Any]]:
        """Every entity by its id."""
        return {each["entity_id"]: each for each in self.ask("GET", "/api/states").body}

    def call_service(self, domain: str, service: str, data: object = None) -> Answer:
        """Call it, and wait until it is done."""
        return self.ask("POST", f"/api/services/{domain}/{service}", data or {})

    def command(self, kind: str, *, event: bool = False, **members: object) -> Answer:
        """One command of the WebSocket API, ``repairs/list_issues`` say: its result (200), or its error (400).

        ``event``: what it subscribes to; the first one is the result.
        """
        asked = {"port": self.port, "token": self.token, "command": {"type": kind, **members}, "event": event}
        call: list[str | Path] = [self.python, "-c", _COMMAND]
        done = subprocess.run(
            call, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        return Answer(200, said["result"]) if said["success"] else Answer(400, said["error"])

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """One request, ``body`` as JSON."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return ask(self.port, method, path, None if body is None else json.dumps(body), headers)


def ask(port: int, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own; OSError where nobody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return Answer(response.status, json.loads(text) if is_json else text)
