"""What happens to the files, event by event, also when the connection or the daemon is gone for a while."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from confkeep.client.document import Document
from confkeep.client.stream import Stream
from confkeep.errors import BadParameter, NoDaemon, ShuttingDown, TooManyStreams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from types import TracebackType

    from confkeep.client.stream import Block

#: Told why the connection is lost, once; and None when it is there again.
OnConnection = Callable[[NoDaemon | None], None]
#: What an id of an event is made of; it goes into a header.
_ID: Final = re.compile(r"[\x21-\x7e]+")
#: Milliseconds until the next attempt, until the stream says otherwise; and at most.
_RETRY: Final = 2_000
_LONGEST_RETRY: Final = 60_000
#: Errors that pass: the daemon is not there yet, or has not yet noticed that our old stream is gone.
_PASSING: Final = (NoDaemon, ShuttingDown, TooManyStreams)
_RESET: Final = "reset"


@dataclass(frozen=True, slots=True)
class Event:
    """``type`` is that of docs/api.md, ``time`` when it was told (None: of a reset).

    ``members`` are all its data, with what this version does not know.

    After a ``reset``, which is about no file, nobody knows what was missed: everything has to be read again.
    """

    id: str
    type: str
    time: datetime | None
    root: str
    path: str
    etag: str | None
    revision: int | None
    size: int | None
    created: bool | None
    origin: str | None
    uid: int | None
    request_id: str | None
    members: dict[str, Any]

    @classmethod
    def of(cls, number: str, kind: str, data: str) -> Event:
        """From a block. Raises NoDaemon for what no confkeep sends."""
        found = Document.parse(data.encode("utf-8"))
        is_reset = kind == _RESET
        return cls(
            id=number,
            type=kind,
            time=found.time("time") if found.members.get("time") else None,
            root="" if is_reset else found.text("root"),
            path="" if is_reset else found.text("path"),
            etag=found.maybe_text("etag"),
            revision=found.maybe_number("revision"),
            size=found.maybe_number("size"),
            created=None if found.members.get("created") is None else found.flag("created"),
            origin=found.maybe_text("origin"),
            uid=found.maybe_number("uid"),
            request_id=found.maybe_text("request_id"),
            members=found.members,
        )


class Events:
    """An iterator without end; it has a connection of its own, so that requests go on beside it.

    It listens from the moment it is made: nothing that happens after that is missed, except where ``reset`` says so.
    A connection that is lost (also one that is silent for 45 s) is made again after the time that the daemon asks
    for, until it has not been there for ``patience`` seconds: then NoDaemon is raised. None: for ever. ``last`` is the
    id of the last event that was seen. ``close`` may be called by another thread, and ends the iteration.
    """

    def __init__(
        self, path: str, target: str, last: str, patience: float | None, on_connection: OnConnection | None
    ) -> None:
        """``Client.events`` makes it. Raises NoDaemon, NoRoot, BadParameter, TooManyStreams."""
        if last and not _ID.fullmatch(last):
            raise BadParameter(f"{last!r} is no id of an event", remedy="give the id of an event that you have seen")
        self.last = last
        self._path, self._target, self._patience = path, target, patience
        self._on_connection = on_connection
        self._retry = _RETRY / 1_000
        self._closed = threading.Event()
        self._reading = threading.RLock()
        self._stream: Stream | None = None
        self._blocks: Iterator[Block] = iter(())
        self._pending: Event | None = None
        self._connect()

    def __iter__(self) -> Events:
        return self

    def __next__(self) -> Event:
        with self._reading:
            while not self._closed.is_set():
                event, self._pending = self._pending, None
                if event is not None:
                    return event
                try:
                    self._pending = self._taken(next(self._blocks))
                except NoDaemon as error:
                    self._come_again(error)
            self._hang_up()
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and end the iteration."""
        self._closed.set()
        if self._stream is not None:
            self._stream.shut()
        if self._reading.acquire(blocking=False):  # otherwise whoever reads closes it, on the way out
            self._hang_up()
            self._reading.release()

    def _hang_up(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _connect(self) -> None:
        """Open a stream and read its first block: from then on the daemon counts us in."""
        self._stream = Stream(self._path, self._target, self.last)
        self._blocks = self._stream.blocks()
        try:
            self._pending = self._taken(next(self._blocks))
        except BaseException:
            self._hang_up()
            raise

    def _tell(self, error: NoDaemon | None) -> None:
        if self._on_connection is not None:
            self._on_connection(error)

    def _taken(self, block: Block) -> Event | None:
        if block.retry is not None and block.retry.isascii() and block.retry.isdigit():
            self._retry = min(int(block.retry[:9]), _LONGEST_RETRY) / 1_000
        if block.id is not None:
            self.last = block.id
        return None if block.type is None else Event.of(self.last, block.type, block.data)

    def _come_again(self, error: NoDaemon) -> None:
        """Connect again. Raises NoDaemon after ``patience``, and at once what will not pass."""
        self._hang_up()
        if self._closed.is_set():
            return
        self._tell(error)
        lost = time.monotonic()
        while not self._closed.wait(self._retry):
            try:
                self._connect()
            except _PASSING as again:
                if self._patience is not None and time.monotonic() - lost >= self._patience:
                    raise NoDaemon(again.detail, remedy=again.remedy) from again
            else:
                self._tell(None)
                return
