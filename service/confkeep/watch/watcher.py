"""The watching thread of some roots: waits for the kernel, lets bursts end, looks, records, tells.

Everything it holds belongs to its thread; other threads leave it notes and wake it. Where nothing happens it never
wakes.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from confkeep.watch.account import Account
from confkeep.watch.ground import Ground
from confkeep.watch.marks import Marks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from confkeep.files.root import Root
    from confkeep.keeper import Keeper
    from confkeep.watch.happened import Listener

_log: Final = logging.getLogger("confkeep")
#: Seconds from the first notice to reading it and those that came after: a save makes eight, and one wake-up will do.
_GATHER: Final = 0.04
#: Seconds of rest after a failure that nobody foresaw, at first and at most.
_REST: Final = 1.0
_REST_MOST: Final = 60.0


class Watcher:
    """Watches ``roots``. ``close`` ends its thread."""

    def __init__(
        self, keeper: Keeper, roots: Iterable[Root], listener: Listener, since: Mapping[Root, int] | None = None
    ) -> None:
        """``since``: when each root began to be watched, in nanoseconds since the epoch, where that is not now."""
        self._roots = list(roots)
        self._since = dict(since or {})
        self._marks = Marks()
        self._poked: deque[str] = deque()
        self._ground = Ground(keeper.store, self._marks, listener, self._poke)
        self._account = Account(keeper, self._marks, self._ground, listener)
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._waking = threading.Lock()  # a number that is closed may be somebody else's file
        self._closing = threading.Event()
        #: Nothing is left to do: the first round is over, and what has happened since is recorded.
        self.is_at_rest = False
        self._thread = threading.Thread(target=self._run, name="confkeep-watch", daemon=True)

    def start(self) -> None:
        """From now on."""
        now = time.time_ns()
        self._since = {root: self._since.get(root, now) for root in self._roots}
        self._thread.start()

    def end(self) -> None:
        """Let it end. To be followed by ``close``."""
        self._closing.set()
        os.eventfd_write(self._wake, 1)

    def close(self, wait: float | None = None) -> None:
        """End; wait at most so many seconds for a filesystem that does not answer."""
        self.end()
        self._thread.join(wait)
        if not self._thread.is_alive():
            with self._waking:
                os.close(self._wake)

    def _poke(self, path: str) -> None:
        """A poller has found ``path`` changed."""
        with self._waking:
            if not self._closing.is_set():
                self._poked.append(path)
                os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        rest = _REST
        while not self._closing.is_set():
            begun = time.monotonic()
            try:
                self._watch()
            except Exception:  # noqa: BLE001 - the thread must go on
                if self._closing.is_set():
                    break  # the store was closed meanwhile: whoever closes waits only so long
                _log.exception("the watching of files has failed, and begins anew")
                rest = _REST if time.monotonic() - begun > _REST_MOST else rest
                self._pause(rest)
                rest = min(rest * 2, _REST_MOST)
        self._ground.close()

    def _watch(self) -> None:
        self._account.begin()
        self._ground.begin(self._since)
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        if self._ground.fd is not None:
            poll.register(self._ground.fd, select.POLLIN)
        with open("/proc/self/mountinfo", "rb") as table:
            poll.register(table, select.POLLPRI)
            while not self._closing.is_set():
                patience = self._patience()
                self.is_at_rest = patience is None
                ready = {fd for fd, _ in poll.poll(patience)}
                self.is_at_rest = False
                self._step(ready, table.fileno())

    def _patience(self) -> float | None:
        """Milliseconds until there is something to do without being told."""
        seconds = [each for each in (self._marks.seconds(), self._ground.seconds()) if each is not None]
        return min(seconds) * 1000 if seconds else None

    def _step(self, ready: set[int], table: int) -> None:
        if self._wake in ready:
            os.eventfd_read(self._wake)
        while self._poked:
            self._ground.found(self._poked.popleft())
        if ready - {self._wake}:
            self._pause(_GATHER)
        if table in ready:
            self._ground.look_at_mounts()
        if self._ground.fd in ready:
            self._ground.hear()
        self._ground.go_on()
        self._account.settle()

    def _pause(self, seconds: float) -> None:
        """A rest that ``close`` ends."""
        select.select([self._wake], [], [], seconds)
