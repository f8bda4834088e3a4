"""Brings what was committed without a flush to the disk within a second, without waking when there is nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_MOMENT: Final = 0.5


class Flusher:
    """``flush`` is called on a thread of its own, once for all that is noted within half a second."""

    def __init__(self, flush: Callable[[], None]) -> None:
        """The thread starts with the first note."""
        self._flush = flush
        self._changed = threading.Condition()
        self._pending = False
        self._awake = False  # waiting out its moment: a save need not wake it
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self) -> None:
        """Something was committed without a flush."""
        with self._changed:
            if self._pending:
                return
            self._pending = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="confkeep-settle", daemon=True)
                self._thread.start()
            elif not self._awake:
                self._changed.notify()

    def forget(self) -> None:
        """A commit with a flush took all earlier ones along."""
        with self._changed:
            self._pending = False

    def close(self) -> None:
        """End the thread; flush what is pending."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        if self._pending:
            self._flush()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing)
                self._awake = True
                self._changed.wait_for(lambda: self._closing, timeout=_MOMENT)
                self._awake = False
                if self._closing:
                    return
                due, self._pending = self._pending, False
            if due:
                self._flush()
