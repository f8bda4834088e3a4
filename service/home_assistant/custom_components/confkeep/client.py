"""Requests to confkeep over its Unix socket, from a worker thread: HTTP/1.1, the standard library only.

Every request has a connection of its own. One that was kept open may end at any moment, and then nobody could tell
whether a save came in.
"""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Of each step. A save may wait for a reader: the kernel breaks a lease after 45 s (/proc/sys/fs/lease-break-time).
TIMEOUT_S: Final = 60.0
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

    def ask(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
        match: str | None = None,
        absent: bool = False,
    ) -> Answer:
        """The answer, if it is a success. ``match``: the etag that the file must have; ``absent``: nothing is there.

        Raises NotReached, Interrupted and Problem.
        """
        headers = {} if match is None else {"If-Match": f'"{match}"'}
        headers |= {"If-None-Match": "*"} if absent else {}
        with closing(_Connection(self.socket_path)) as connection:
            connection.connect()
            try:
                connection.request(method, f"{target}?{urlencode(query)}" if query else target, body, headers)
                response = connection.getresponse()
                content = response.read()
            except (OSError, http.client.HTTPException) as error:
                raise Interrupted(f"{type(error).__name__}: {error}") from error
        if response.status >= _FIRST_ERROR:
            raise Problem(response.status, _document(content))
        etag = response.headers.get("ETag")
        return Answer(None if etag is None else etag.strip('"'), content)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("confkeep", timeout=TIMEOUT_S)
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
