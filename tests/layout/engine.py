"""An engine that answers what it is told, over a real Unix socket: for what no real engine can be made to do."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

VERSION = {"ApiVersion": "1.44", "Version": "25.0"}


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    answers: Mapping[str, Any]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "unix"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Tests print what they want to."""

    def do_GET(self) -> None:
        """By the path without its version; None hangs up in the middle."""
        assert isinstance(self.server, _Server)
        path = self.path.partition("?")[0]
        path = "/" + path.split("/", 2)[2] if path.startswith("/v1.") else path
        answer = self.server.answers.get(path, ...)
        if answer is None:
            self.close_connection = True
            return
        body = json.dumps({"message": f"no such thing: {path}"} if answer is ... else answer).encode()
        self.send_response(404 if answer is ... else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def engine(directory: Path, answers: Mapping[str, Any]) -> Generator[str]:
    """The address of an engine with these answers."""
    path = str(directory / "engine.sock")
    with _Server(path, _Handler) as server:
        server.answers = {"/version": VERSION, **answers}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
            thread.join()


def answers(*attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Of an engine with these containers."""
    listed = [{"Id": one["Id"], "Names": [one["Name"]]} for one in attributes]
    return {"/containers/json": listed, **{f"/containers/{one['Id']}/json": one for one in attributes}}
