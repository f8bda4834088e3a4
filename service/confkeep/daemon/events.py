"""What happened, for whoever listens: a bounded log in memory that any number of streams read at their own pace.

No stream has a queue of its own, so one that does not read costs the others nothing; it has missed what the log no
longer holds, and is told so (``reset``).
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections import Counter, deque
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

#: Of so many a client that was away can catch up: minutes of a busy editor, some 300 bytes each.
_KEPT: Final = 1_000


class EventType(StrEnum):
    """``save.recovered``: what the start of the daemon made of a save that a crash had interrupted.

    ``doctor.finding``: a rule of the doctor's says something that it did not say before.
    ``mount.changed``: what is mounted under a root is stale, moved, mounted or unmounted, or as it should be again.
    """

    CHANGED = "file.changed"
    REMOVED = "file.removed"
    FAILED = "save.failed"
    RECOVERED = "save.recovered"
    MOUNT = "mount.changed"
    FINDING = "doctor.finding"


class Event(NamedTuple):
    """``number`` counts from 1 in the life of a daemon; ``data`` is one line of JSON."""

    number: int
    type: EventType
    root: str
    path: str
    data: bytes


class Events:
    """The log. ``publish`` and ``close`` may be called by any thread, the rest belongs to the event loop."""

    def __init__(self, kept: int = _KEPT) -> None:
        """Nothing has happened yet. ``epoch`` is that of this process: numbers of another mean nothing here."""
        self.epoch = secrets.token_hex(4)
        self.closed = False
        self._log: deque[Event] = deque(maxlen=kept)
        self._last = 0
        self._guard = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._streams: set[asyncio.Event] = set()
        #: How many streams each uid has open.
        self.open: Counter[int | None] = Counter()

    @property
    def last(self) -> int:
        """The number of the newest event, 0 where there is none."""
        return self._last

    def publish(self, kind: EventType, root: str, path: str, members: Mapping[str, object]) -> None:
        """Something has happened to a file; ``time`` is when it was told (RFC 3339)."""
        now = datetime.now(UTC)
        data = msgspec.json.encode({"root": root, "path": path, "time": now, **members})
        with self._guard:
            self._last += 1
            self._log.append(Event(self._last, kind, root, path, data))
        self._wake()

    def after(self, number: int) -> list[Event] | None:
        """What came after the event ``number``; None where some of it is no longer known."""
        with self._guard:
            if number < self._last - len(self._log) or number > self._last:
                return None
            return [event for event in self._log if event.number > number]

    def close(self) -> None:
        """End every stream, those that come later too."""
        self.closed = True
        self._wake()

    async def changes(self, patience: float) -> AsyncGenerator[bool]:
        """True where there may be something new, as at first; False after ``patience`` seconds without.

        Ends when the log is closed.
        """
        self._loop = asyncio.get_running_loop()
        news = asyncio.Event()
        self._streams.add(news)
        try:
            yield True  # what came before is not announced
            while not self.closed:
                try:
                    await asyncio.wait_for(news.wait(), patience)
                except TimeoutError:
                    yield False
                    continue
                news.clear()
                yield True
        finally:
            self._streams.discard(news)

    def _wake(self) -> None:
        if self._streams and self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        for stream in self._streams:
            stream.set()
