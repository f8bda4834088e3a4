"""One stream of server-sent events, block by block (html.spec.whatwg.org, 9.2.6), on a connection of its own."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.client.problems import ANOTHER, error_of, not_confkeep
from confkeep.client.transport import Connection
from confkeep.errors import NoDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds of silence after which a stream is lost: the daemon says something every 15.
_SILENCE: Final = 45.0
#: Bytes that a block may have; an event has some 300.
_LARGEST: Final = 1 << 20
_OK: Final = 200


class Block(NamedTuple):
    """What came between two empty lines; None is what did not."""

    id: str | None
    type: str | None
    data: str
    retry: str | None


class Stream:
    """An open stream. Every method raises NoDaemon where it is lost; the errors of problems only when it is opened."""

    def __init__(self, path: str, target: str, last: str) -> None:
        """Go on after the event ``last``; "": with what comes."""
        self._path = path
        self._connection = Connection(path, _SILENCE)
        self._connection.connect()
        self._socket = self._connection.sock  # http.client forgets it where the answer ends with the connection
        try:
            self._response = self._answer(target, last)
        except BaseException:
            self._connection.close()
            raise
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    def _answer(self, target: str, last: str) -> http.client.HTTPResponse:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        try:
            self._connection.request("GET", target, None, headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error

    def _check(self) -> None:
        status = self._response.status
        if status == _OK and self._response.headers.get_content_type() == "text/event-stream":
            return
        try:
            body = self._response.read(_LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error
        raise not_confkeep(status, body) if status == _OK else error_of(status, body)

    def blocks(self) -> Iterator[Block]:
        """Each block that has a field, as it comes."""
        fields: dict[str, str] = {}
        size = 0
        while True:
            line = self._line()
            size += len(line)
            if size >= _LARGEST:
                raise NoDaemon(f"what answers at {self._path} is no confkeep: an event without end", remedy=ANOTHER)
            if not line.endswith(b"\n"):
                raise self._lost(EOFError("it has ended"))
            name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
            if name:
                value = value.removeprefix(" ")
                fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value
            elif not line.startswith(b":"):  # which is a sign of life
                if fields:
                    yield Block(fields.get("id"), fields.get("event"), fields.get("data", ""), fields.get("retry"))
                fields, size = {}, 0

    def _line(self) -> bytes:
        try:
            return self._response.readline(_LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> NoDaemon:
        if isinstance(error, TimeoutError):
            error = TimeoutError(f"nothing was heard for {_SILENCE:g} s")
        return NoDaemon(
            f"the stream of events from {self._path} is lost: {error}",
            remedy="look whether the daemon runs, and listen again with the id of the last event",
        )

    def shut(self) -> None:
        """End it for whoever waits in it, in another thread, and has to close it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give back the descriptor."""
        self._response.close()
        self._connection.close()
