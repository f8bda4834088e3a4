"""Server-sent events, read one by one from the daemon's socket."""

from __future__ import annotations

import json
import socket
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from tests.daemon.client import SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.daemon.running import Daemon


@dataclass
class Stream:
    """One open stream; ``id`` is the last that was seen."""

    file: IO[bytes]
    head: bytes
    id: str = ""
    rest: bytes = field(default=b"")

    def block(self) -> list[str]:
        """The lines of the next block, without comments. Raises EOFError at the end of the answer."""
        while True:
            lines: list[str] = []
            while line := self._line():
                lines.append(line)
            kept = [each for each in lines if not each.startswith((":", "retry:"))]
            if kept:
                return kept

    def next(self) -> tuple[str, dict[str, Any]]:
        """Type and data of the next event."""
        while True:
            found = dict(line.split(": ", 1) for line in self.block())
            self.id = found.get("id", self.id)
            if "event" in found:
                return found["event"], json.loads(found["data"])

    def ended(self) -> bool:
        """Whether it ends as a whole answer does: with the last chunk, not by a connection that is cut."""
        try:
            while True:
                self.next()
        except EOFError as error:
            return str(error) == "the last chunk"

    def _line(self) -> str:
        while b"\n" not in self.rest:
            size = self.file.readline()
            if not size:
                raise EOFError("cut")
            if int(size, 16) == 0:
                raise EOFError("the last chunk")
            self.rest += self.file.read(int(size, 16))
            self.file.readline()
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()


@contextmanager
def listening(daemon: Daemon, query: str = "", last: str = "") -> Generator[Stream]:
    """A stream that goes on after the event ``last``; without, its first block is read: what comes now is in it."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(daemon.socket)
        more = f"Last-Event-ID: {last}\r\n" if last else ""
        connection.sendall(f"GET /v1/events{query} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
        with connection.makefile("rb") as file:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += file.readline()
            stream = Stream(file, head)
            if not last:
                (line,) = stream.block()
                stream.id = line.removeprefix("id: ")
            yield stream
