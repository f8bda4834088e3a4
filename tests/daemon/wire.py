"""Bytes to the daemon and back, with nothing in between: for what no client library would send."""

import http.client
import io
import socket
from contextlib import suppress
from typing import cast

from tests.daemon import client
from tests.daemon.client import Answer
from tests.daemon.looking import problem


def rest(connection: socket.socket) -> bytes:
    """Everything until the daemon hangs up; with bytes of ours unread, that is ECONNRESET on a Unix socket."""
    pieces: list[bytes] = []
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            pieces.append(piece)
    return b"".join(pieces)


def exchange(path: str, request: bytes, *, half_close: bool = False) -> bytes:
    """Send ``request`` on a connection of its own; all that comes back until the daemon hangs up."""
    with client.connected(path) as connection:
        with suppress(BrokenPipeError):
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        return rest(connection)


class _Stream(io.BytesIO):
    """What several answers are read from, one after another."""

    def close(self) -> None:
        """Stay open for the next answer."""

    def makefile(self, _: str) -> "_Stream":
        """Play a socket."""
        return self


def answers(raw: bytes) -> list[Answer]:
    """The answers in ``raw``, whole and with nothing after them; none of them to HEAD."""
    stream, found = _Stream(raw), list[Answer]()
    while stream.tell() < len(raw):
        response = http.client.HTTPResponse(cast("socket.socket", stream))
        response.begin()
        found.append(Answer(response.status, response.headers, response.read()))
        response.close()
    return found


def refused(path: str, request: bytes, status: int = 400, slug: str = "bad-request") -> Answer:
    """The one answer to ``request``: this problem, after which the daemon hangs up."""
    (answer,) = answers(exchange(path, request))
    problem(answer, status, slug)
    assert answer.headers["Connection"] == "close", answer
    return answer
