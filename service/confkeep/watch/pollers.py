"""What is polled of the roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.watch.polling import Poller

if TYPE_CHECKING:
    from collections.abc import Callable


class Pollers:
    """At most one for each path."""

    def __init__(self, takes: Callable[[str], bool], poke: Callable[[str], None]) -> None:
        """``poke`` is called on other threads."""
        self._takes = takes
        self._poke = poke
        self._pollers: dict[str, Poller] = {}

    def __contains__(self, path: str) -> bool:
        """Whether ``path`` itself is polled."""
        return path in self._pollers

    def poll(self, path: str) -> None:
        """Poll ``path``, whether or not it is there just now."""
        if path not in self._pollers:
            self._pollers[path] = Poller(path, self._takes, self._poke)

    def stop(self, path: str) -> None:
        """Poll ``path`` no longer."""
        poller = self._pollers.pop(path, None)
        if poller is not None:
            poller.close()

    def close(self) -> None:
        """Poll nothing."""
        for path in list(self._pollers):
            self.stop(path)
