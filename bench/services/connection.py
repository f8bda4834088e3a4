"""One client of a service: what it sends to save a file, and how it knows that the answer is whole."""

from __future__ import annotations

import socket
from abc import ABC, abstractmethod
from typing import Final

_PIECE: Final = 1 << 18
_PATIENCE: Final = 60.0


class Refused(Exception):
    """The service has not saved the file, and says so."""

    def __init__(self, status: str, why: str) -> None:
        super().__init__(f"{status} {why}")
        self.status = status


class Connection(ABC):
    """Bytes out, bytes in. A request is built before it is timed, so that what is timed is the service."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._stream.settimeout(_PATIENCE)
        self._received: bytearray = bytearray()

    def fileno(self) -> int:
        """For poll(2): this client waits among others."""
        return self._stream.fileno()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()

    @abstractmethod
    def request(self, name: str, data: bytes, *, shared: bool = False) -> bytes:
        """The bytes that save ``data`` as the file ``name``; ``shared``: others save it too, and the last one wins."""

    @abstractmethod
    def stale(self, name: str, data: bytes) -> bytes:
        """The same of a client whose copy is not the newest, said in the way of the service (else in HTTP's)."""

    def stored(self, data: bytes) -> bytes:
        """What the file holds after ``data`` was saved."""
        return data

    def send(self, request: bytes) -> None:
        """Send a whole request."""
        self._stream.sendall(request)

    def answered(self) -> bool:
        """Receive what has come (wait for some); whether the answer is whole now.

        Raises:
            Refused: it is, and says no.
        """
        piece = self._stream.recv(_PIECE)
        if not piece:
            raise ConnectionError("the service closed the connection in the middle of an answer")
        self._received += piece
        return self._whole()

    def save(self, request: bytes) -> None:
        """Send, and wait for the answer."""
        self.send(request)
        while not self.answered():
            pass

    @abstractmethod
    def _whole(self) -> bool:
        """Take an answer out of what was received, if it is all there."""


class Http(Connection):
    """HTTP/1.1 over a Unix socket, kept alive. The method PUT on ``/prefix/name`` with the bytes as its body."""

    #: Before the name of a file.
    prefix = "/"
    #: More lines of the head, each with its end.
    fields = ""

    def __init__(self, path: str) -> None:
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(path)
        super().__init__(stream)

    def request(self, name: str, data: bytes, *, shared: bool = False) -> bytes:
        """A PUT of the bytes as they are, without a precondition."""
        del shared
        return self.put(self.prefix + name, data)

    def stale(self, name: str, data: bytes) -> bytes:
        """With an ``If-Match`` that no content has (RFC 9110, 13.1.1): who heeds it answers 412."""
        return self.put(self.prefix + name, data, 'If-Match: "stale"\r\n')

    def put(self, target: str, body: bytes, more: str = "", method: str = "PUT") -> bytes:
        """A request."""
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{self.fields}{more}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("ascii") + body

    def _whole(self) -> bool:
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return False
        head = bytes(self._received[:end]).lower()
        status = int(head[9:12])
        length = 0 if status == 204 else int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if len(self._received) < end + 4 + length:
            return False
        body = bytes(self._received[end + 4 : end + 4 + length])
        self._received.clear()
        if status not in {200, 201, 204}:
            raise Refused(str(status), body[:200].decode("utf-8", "replace"))
        return True
