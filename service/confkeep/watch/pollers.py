"""What is polled of the roots."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from confkeep.watch.polling import Poller

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.files.root import Root

#: Seconds until a poller has a first picture of its own: what changed before that is found by another round.
_PICTURE: Final = 2.0


class Pollers:
    """At most one for each path."""

    def __init__(self, takes: Callable[[str], bool], poke: Callable[[str], None]) -> None:
        """``poke`` is called on other threads."""
        self._takes = takes
        self._poke = poke
        self._pollers: dict[str, Poller] = {}
        #: Roots that need another round, and when.
        self.later: dict[Root, float] = {}

    def __contains__(self, path: str) -> bool:
        """Whether ``path`` itself is polled."""
        return path in self._pollers

    def __len__(self) -> int:
        """How many there are."""
        return len(self._pollers)

    def poll(self, path: str, root: Root) -> None:
        """Poll ``path``, which is ``root`` or below it, if it is there."""
        known = self._pollers.get(path)
        if (known is None or not known.is_alive()) and os.path.exists(path):
            self._pollers[path] = Poller(path, self._takes, self._poke)
            self.later[root] = time.monotonic() + _PICTURE

    def stop(self, path: str) -> None:
        """Poll ``path`` no longer."""
        poller = self._pollers.pop(path, None)
        if poller is not None:
            poller.close()

    def close(self) -> None:
        """Poll nothing."""
        for path in list(self._pollers):
            self.stop(path)
        self.later.clear()
