"""What each client of Home Assistant's has been shown, so that its save can be told from one of something older.

A client is one login (its refresh token): a person with two browsers is two, two tabs of one browser are one. It is
kept over restarts, because a page that is open stays open.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

#: Entries that are remembered: some 200 bytes each. The oldest are forgotten.
_MOST: Final = 4096


class Shown(NamedTuple):
    """The entry as the client knows it (``digest_of``), and the file that it was in.

    ``etag`` is None where the client knows the entry otherwise than any version of the file had it.
    """

    digest: str
    etag: str | None


class Seen:
    """Any number of threads may ask. ``changed`` is called after each change, on the thread that made it."""

    def __init__(self) -> None:
        self.changed: Callable[[], object] = lambda: None
        self._known: OrderedDict[tuple[str, str, str], Shown] = OrderedDict()
        self._lock = Lock()

    def remember(self, client: str, path: str, key: str, shown: Shown) -> None:
        """From now on the client knows this."""
        with self._lock:
            self._known[client, path, key] = shown
            self._known.move_to_end((client, path, key))
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        self.changed()

    def of(self, client: str, path: str, key: str) -> Shown | None:
        """What the client knows of it, None where nothing is remembered."""
        with self._lock:
            return self._known.get((client, path, key))

    def stored(self) -> list[list[Any]]:
        """All of it, as JSON has it."""
        with self._lock:
            return [[*known, *shown] for known, shown in self._known.items()]

    def restore(self, stored: list[list[Any]]) -> None:
        """What ``stored`` has said in another process; what is known already counts more."""
        with self._lock:
            for client, path, key, digest, etag in stored:
                self._known.setdefault((client, path, key), Shown(digest, etag))
