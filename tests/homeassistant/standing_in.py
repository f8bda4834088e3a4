"""A socket that answers as confkeep would, for what no daemon outside of a container has to say."""

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


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    answers: Mapping[str, tuple[int, Any]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - always this one

    def do_GET(self) -> None:
        """What was given for this path."""
        status, document = self.server.answers.get(self.path, (404, {"slug": "not-found", "detail": "nothing"}))
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called
        """Say nothing."""


@contextmanager
def standing_in(socket: Path, answers: Mapping[str, tuple[int, Any]]) -> Generator[None]:
    """It answers on this socket; ``answers`` may change meanwhile."""
    with _Server(str(socket), _Handler) as server:
        server.answers = answers
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
