"""HTTP over a Unix socket with the standard library, and bytes as they are where a client would be too polite."""

import http.client
import json
import socket
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

SECONDS = 60.0

Body = bytes | Iterable[bytes] | None


@dataclass(frozen=True)
class Answer:
    """One answer, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def etag(self) -> str:
        """The ETag without its quotes."""
        quoted = self.headers["ETag"]
        assert quoted.startswith('"'), quoted
        assert quoted.endswith('"'), quoted
        return str(quoted[1:-1])


class Connection(http.client.HTTPConnection):
    """One connection, used for as many requests as its owner likes."""

    def __init__(self, path: str) -> None:
        """Connects with the first request."""
        super().__init__("confkeep", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """To the socket's path."""
        self.sock = connected(self._path)

    def ask(self, method: str, target: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, and its answer. The connection stays open if the daemon keeps it.

        A daemon that has seen enough answers before it has the whole body, and hangs up: the answer counts.
        """
        with suppress(BrokenPipeError):
            self.request(method, target, body, dict(headers or {}))
        response = self.getresponse()
        return Answer(response.status, response.headers, response.read())


def connected(path: str) -> socket.socket:
    """A socket that is connected to ``path``."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(SECONDS)
    try:
        made.connect(path)
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def connection(path: str) -> Generator[Connection]:
    """A connection that is closed in the end."""
    made = Connection(path)
    try:
        yield made
    finally:
        made.close()


def ask(path: str, method: str, target: str, body: Body = None, headers: Mapping[str, str] | None = None) -> Answer:
    """One request on a connection of its own."""
    with connection(path) as made:
        return made.ask(method, target, body, headers)


def raw(path: str, request: bytes, method: str = "GET") -> Answer:
    """Send these very bytes; the answer. For requests that no client library would send."""
    with connected(path) as made:
        made.sendall(request)
        response = http.client.HTTPResponse(made, method=method)
        try:
            response.begin()
            return Answer(response.status, response.headers, response.read())
        finally:
            response.close()
