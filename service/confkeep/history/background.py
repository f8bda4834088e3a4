"""Work that is done beside the saves, by a thread that sleeps until it is woken."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Background:
    """``work`` is called on a thread of its own after each ``wake``, once for all that come while it is under way."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        """The thread starts with the first wake."""
        self._work = work
        self._name = name
        self._woken = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()
        with self._guard:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread, when what it does is done."""
        with self._guard:
            self._closing = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._closing:
                return
            self._work()
