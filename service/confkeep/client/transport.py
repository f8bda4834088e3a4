"""Requests and answers over the daemon's Unix socket: HTTP/1.1 (RFC 9112) on connections that are used again."""

from __future__ import annotations

import http.client
import os
import select
import socket
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.client.problems import ANOTHER, error_of, not_confkeep
from confkeep.errors import NoDaemon

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUCCESS: Final = frozenset({200, 201, 204})
_FIRST_ERROR: Final = 400
#: The other side went away: before it answered (RemoteDisconnected is one of them), or in the middle of its answer.
_LOST: Final = (ConnectionError, http.client.IncompleteRead)


class Answer(NamedTuple):
    """A successful answer, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Request(NamedTuple):
    """``repeatable``: a second time does no more than once, and is answered the same."""

    method: str
    target: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    repeatable: bool = False


class Connection(http.client.HTTPConnection):
    """One connection, not yet made. ``timeout`` is for each step of it."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("confkeep", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        """Make it. Raises NoDaemon."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self.path)
        except OSError as error:
            self.close()
            raise NoDaemon(f"no daemon answers at {self.path}: {error}", remedy=_remedy(error)) from error

    def is_stale(self) -> bool:
        """Whether the other side has hung up, or says what nobody asked: nothing may come between two requests."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))


class Transport:
    """Any number of threads may ask at once: each request has a connection to itself. Nor does a fork harm it."""

    def __init__(self, path: str, timeout: float) -> None:
        """Connects with the first request."""
        self.path = path
        self.timeout = timeout
        self._idle: deque[tuple[int, Connection]] = deque()

    def ask(self, request: Request) -> Answer:
        """The successful answer. Raises NoDaemon, and whatever named error its problem stands for.

        A connection that was kept open may end at any moment, and then nobody knows whether the request came in. So
        only what may be repeated is asked over one, and is asked again over a new one.
        """
        try:
            return _judged(self._answer(request))
        except _LOST as error:
            raise self._unanswered(request, f"hung up before it had answered: {error}") from error
        except TimeoutError as error:
            raise self._unanswered(request, f"did not answer within {self.timeout:g} s") from error
        except (OSError, http.client.HTTPException) as error:
            raise NoDaemon(f"what answers at {self.path} is no confkeep: {error}", remedy=ANOTHER) from error

    def close(self) -> None:
        """Close what is kept open; a later request connects anew."""
        while (kept := self._kept()) is not None:
            kept.close()

    def _answer(self, request: Request) -> Answer:
        kept = self._kept() if request.repeatable else None
        if kept is not None:
            with suppress(*_LOST):
                return self._exchange(kept, request)
        connection = Connection(self.path, self.timeout)
        connection.connect()
        return self._exchange(connection, request)

    def _kept(self) -> Connection | None:
        with suppress(IndexError):
            while True:
                owner, connection = self._idle.pop()
                if owner == os.getpid() and not connection.is_stale():  # another's: two would read one answer
                    return connection
                connection.close()
        return None

    def _exchange(self, connection: Connection, request: Request) -> Answer:
        keep = False
        try:
            # A daemon that has heard enough (413) answers and hangs up while we still send.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(request.method, request.target, request.body, dict(request.headers or {}))
                keep = True
            response = connection.getresponse()
            ends = response.will_close
            answer = Answer(response.status, response.headers, response.read())
        except BaseException:
            connection.close()
            raise
        if keep and request.repeatable and not ends:  # others never use one again: there would be ever more
            self._idle.append((os.getpid(), connection))
        else:
            connection.close()
        return answer

    def _unanswered(self, request: Request, what: str) -> NoDaemon:
        if request.method == "GET":
            return NoDaemon(f"the daemon at {self.path} {what}", remedy="ask again; if it stays so, see its log")
        return NoDaemon(
            f"the daemon at {self.path} {what}; whether it has done what was asked is not known",
            remedy="look at the file before you ask again",
            outcome="unknown",
        )


def socket_path(host: str) -> str:
    """The path in ``unix:///PATH``. Raises NoDaemon."""
    if not host.startswith("unix://"):
        raise NoDaemon(f"{host!r} names no Unix socket", remedy="write unix:///run/confkeep/confkeep.sock")
    return host.removeprefix("unix://")


def _judged(answer: Answer) -> Answer:
    if answer.status >= _FIRST_ERROR:
        raise error_of(answer.status, answer.body)
    if answer.status not in _SUCCESS:  # a 304, a redirection: nobody asked for it
        raise not_confkeep(answer.status, answer.body)
    return answer


def _remedy(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "ask as a member of the socket's group (in a container: group_add)"
    return "start it (confkeep serve), or name its socket with CONFKEEP_HOST, --host or Client(…)"
