"""A stream of events that is read all the time, with the instant at which each of them came."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.daemon.client import connected
from tests.daemon.streams import Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

#: Seconds after which what was not told is taken as never told: no budget, which is a second.
PATIENCE: Final = 30.0


class Event(NamedTuple):
    """``at`` is by time.monotonic()."""

    type: str
    data: dict[str, Any]
    at: float

    @property
    def about(self) -> tuple[str, str]:
        """Root and path."""
        return self.data["root"], self.data["path"]

    def __repr__(self) -> str:
        """What a failed assertion is to show."""
        kept = {key: self.data.get(key) for key in ("path", "etag", "origin", "revision", "state", "rule")}
        return f"{self.type} { ({key: value for key, value in kept.items() if value is not None}) }"


class Told:
    """All that one stream has told so far; ``query`` are its filters, ``first`` is the id from which it goes on."""

    def __init__(self, path: str, query: str = "", last: str = "") -> None:
        """Listen at the socket ``path``; what happens from now on is in it, or what came after the event ``last``."""
        self._connection = connected(path)
        more = f"Last-Event-ID: {last}\r\n" if last else ""
        self._connection.sendall(f"GET /v1/events{query} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode())
        self._file = self._connection.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            assert line, head
            head += line
        assert head.startswith(b"HTTP/1.1 200"), head
        self._stream = Stream(self._file, head)
        (place,) = self._stream.block()  # its place in the log: the stream is open
        self.first = place.removeprefix("id: ")
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="told")
        self._reader.start()

    def _read(self) -> None:
        try:
            while True:
                kind, data = self._stream.next()
                with self._news:
                    self._events.append(Event(kind, data, time.monotonic()))
                    self._news.notify_all()
        except (EOFError, OSError, ValueError):
            return  # closed by either side

    def events(self, root: str | None = None, path: str | None = None) -> list[Event]:
        """All of them, or those of one root, or of one file."""
        with self._news:
            return [
                event
                for event in self._events
                if root in {None, event.data.get("root")} and path in {None, event.data.get("path")}
            ]

    def wait(self, enough: Callable[[], object]) -> bool:
        """Whether ``enough`` became true with the events that came; asked after each, for PATIENCE seconds."""
        give_up = time.monotonic() + PATIENCE
        with self._news:
            seen = -1
            while True:
                if len(self._events) != seen:
                    seen = len(self._events)
                    self._news.release()
                    try:
                        if enough():
                            return True
                    finally:
                        self._news.acquire()
                elif not self._news.wait(give_up - time.monotonic()) and time.monotonic() > give_up:
                    return False

    def close(self) -> None:
        """Hang up."""
        self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join()
        self._file.close()
        self._connection.close()


def beginning(path: str) -> str:
    """The id before the first event in the life of a daemon."""
    with told(path) as stream:
        return stream.first.partition("-")[0] + "-0"


@contextmanager
def told(path: str, query: str = "", last: str = "") -> Generator[Told]:
    """A stream at the socket ``path`` that is closed in the end."""
    made = Told(path, query, last)
    try:
        yield made
    finally:
        made.close()
