"""An engine's events: a container that starts or stops may hold other files."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from confkeep.layout import containers, contexts

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds until an engine that has stopped is asked again, at first and at most.
_RETRY: Final = 1.0
_RETRY_MOST: Final = 60.0


class Following:
    """Calls ``changed`` for each start and stop of a container, and when an engine is there again after it was gone.

    The stream of events ends without a word when the engine stops (facts.md, 8), so that every end is a reason to look.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._ended = threading.Event()

    def start(self) -> None:
        """A thread for each engine that is there now; they end with the process."""
        for address in contexts.addresses():
            if not contexts.unusable(address):
                threading.Thread(target=self._follow, args=(address,), name="confkeep-engine", daemon=True).start()

    def close(self) -> None:
        """Call nobody any more."""
        self._ended.set()

    def _follow(self, address: str) -> None:
        rest = _RETRY
        while not self._ended.is_set():
            answered = False
            with suppress(OSError):
                for _ in containers.events(address):
                    if self._ended.is_set():
                        return
                    answered, rest = True, _RETRY
                    self._changed()
            if answered:
                self._changed()
            self._ended.wait(rest)
            rest = min(rest * 2, _RETRY_MOST)
