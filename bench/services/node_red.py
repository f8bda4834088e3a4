"""Node-RED's save of its flows: POST /flows, which deploys them too. One file, the flows, is all it saves.

A document is the text of a comment's description there: a flow that does nothing, so that a deploy costs the least.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bench import process
from bench.services.connection import Http
from bench.services.peer import INSTALLED, Peer, Running, quiet, served

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_HOME: Final = INSTALLED / "node_modules" / "node-red"
_FILE: Final = "flows.json"
_TAB: Final = {"id": "tab", "type": "tab", "label": "bench"}
_API: Final = "Content-Type: application/json\r\nNode-RED-API-Version: "


class _Flows(Http):
    def request(self, name: str, data: bytes, *, shared: bool = False) -> bytes:
        """All flows, without the revision they were made from (API version 1)."""
        del name, shared
        return self.put("/flows", self.stored(data), _API + "v1\r\n", "POST")

    def stale(self, name: str, data: bytes) -> bytes:
        """With a revision that is not the newest (API version 2)."""
        del name
        flows = b'{"rev": "stale", "flows": ' + self.stored(data) + b"}"
        return self.put("/flows", flows, _API + "v2\r\n", "POST")

    def stored(self, data: bytes) -> bytes:
        """Node-RED writes the flows as JavaScript prints them: without spaces."""
        comment = {"id": "comment", "z": "tab", "type": "comment", "info": data.decode("utf-8")}
        return json.dumps([_TAB, comment], separators=(",", ":"), ensure_ascii=False).encode("utf-8")


@contextmanager
def _running(base: Path) -> Generator[Running]:
    folder = base / "config"
    settings = {
        "uiPort": os.fspath(base / "s"),
        "flowFile": os.fspath(folder / _FILE),
        "credentialSecret": False,
        "logging": {"console": {"level": "off"}},
        "telemetry": {"enabled": False},
    }
    (base / "settings.js").write_text(f"module.exports = {json.dumps(settings)};\n", "utf-8")
    command = quiet("node", _HOME / "red.js", "--settings", base / "settings.js", "--userDir", base)
    with process.running(command, base / "s", "/settings") as server:
        yield served(server, folder, _Flows)
    (base / "s").unlink(missing_ok=True)


def peer() -> Peer:
    """From npm."""
    there = shutil.which("node") is not None and _HOME.exists()
    missing = None if there else "not installed: npm install --ignore-scripts --prefix services node-red"
    version = json.loads((_HOME / "package.json").read_text("utf-8"))["version"] if there else ""
    return Peer("Node-RED, POST /flows", frozenset({"file"}), _running, version, missing, only=_FILE)
