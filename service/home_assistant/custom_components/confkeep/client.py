"""Requests to confkeep over its Unix socket, from a worker thread: HTTP/1.1, the standard library only.

Every request has a connection of its own. One that was kept open may end at any moment, and then nobody could tell
whether a save came in.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds for each step of a question; of a save, which may wait for readers and for a disk.
ASKED_S: Final = 5.0
_ALIVE_S: Final = 3.0
#: How long one that has just been there is given to come back, and how often it is asked.
BACK_WITHIN_S: Final = 5.0
AGAIN_AFTER_S: Final = 0.25
SAVED_S: Final = 30.0
_FIRST_ERROR: Final = 400


class NotReached(Exception):
    """Nobody answers at the socket: nothing was sent."""


class Interrupted(Exception):
    """The answer did not come: nobody knows whether the request was carried out."""


class Problem(Exception):
    """confkeep refused, and says why (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.slug = str(document.get("slug", ""))
        self.detail = str(document.get("detail", "") or document.get("title", "") or f"status {status}")
        self.remedy = str(document.get("remedy", ""))
        super().__init__(f"{self.detail}. {self.remedy}".strip() if self.remedy else self.detail)


class Address(NamedTuple):
    """A file as confkeep calls it."""

    root: str
    path: str

    def __str__(self) -> str:
        return f"{self.root}/{self.path}"

    def at(self, endpoint: str) -> str:
        """The endpoint for this file."""
        return f"/v1/{endpoint}/{quote(self.root)}/{quote(self.path)}"


class Answer(NamedTuple):
    """A successful one, whole."""

    etag: str | None
    body: bytes

    def json(self) -> Any:
        """The document. Raises Interrupted when it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Interrupted(f"what answers is no confkeep: {error}") from error


class Client:
    """Any number of threads may ask at once."""

    def __init__(self, socket_path: str) -> None:
        self.socket_path = socket_path
        self._was_there = False

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
        match: str | None = None,
        absent: bool = False,
        within: float = ASKED_S,
    ) -> Answer:
        """The answer, if it is a success. ``match``: the etag that the file must have; ``absent``: nothing is there.

        ``within``: seconds for each step. Raises NotReached, Interrupted and Problem.
        """
        headers = {} if match is None else {"If-Match": f'"{match}"'}
        headers |= {"If-None-Match": "*"} if absent else {}
        with closing(_Connection(self.socket_path, within)) as connection:
            connection.connect()
            try:
                connection.request(method, f"{target}?{urlencode(query)}" if query else target, body, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise Interrupted(f"{type(error).__name__}: {error}") from error
        self._was_there = True
        if response.status >= _FIRST_ERROR:
            raise Problem(response.status, _document(content))
        etag = response.headers.get("ETag")
        return Answer(None if etag is None else etag.strip('"'), content)

    def check_alive(self) -> None:
        """Raises NotReached where it does not answer at once: nothing is to be sent to it."""
        try:
            self.ask("GET", "/healthz", within=_ALIVE_S)
        except (Interrupted, Problem) as error:
            raise NotReached(f"nobody answers at {self.socket_path}: {error}") from error

    def wait_for_it(self) -> None:
        """Raises NotReached where it is not there; one that has just been may come back in a moment."""
        until = time.monotonic() + (BACK_WITHIN_S if self._was_there else 0.0)
        while True:
            try:
                self.check_alive()
                return
            except NotReached:
                if time.monotonic() >= until:
                    self._was_there = False
                    raise
                time.sleep(AGAIN_AFTER_S)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, within: float) -> None:
        super().__init__("confkeep", timeout=within)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except OSError as error:
            self.close()
            raise NotReached(f"nobody answers at {self._path}: {error.strerror or error}") from error


def _document(content: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(content)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
