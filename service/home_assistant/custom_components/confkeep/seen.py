"""What each client of Home Assistant's has been shown, so that its save can be told from one of something older.

A client is one login (its refresh token): a person with two browsers is two, two tabs of one browser are one.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Any, Final, NamedTuple

#: Entries that are remembered, and the bytes of their files: the oldest are forgotten.
_MOST: Final = 256
_MOST_BYTES: Final = 8 << 20


class Shown(NamedTuple):
    """An entry as the client knows it, and the file that it was in.

    ``text`` is None where the client knows the entry otherwise than any version of the file had it.
    """

    entry: Any | None
    etag: str | None
    text: bytes | None


class Seen:
    """Any number of threads may ask."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Shown] = OrderedDict()
        self._lock = Lock()

    def remember(self, client: str, path: str, key: str, shown: Shown) -> None:
        """From now on the client knows this."""
        with self._lock:
            self._known[client, path, key] = shown
            self._known.move_to_end((client, path, key))
            while len(self._known) > 1 and (len(self._known) > _MOST or self._bytes() > _MOST_BYTES):
                self._known.popitem(last=False)

    def of(self, client: str, path: str, key: str) -> Shown | None:
        """What the client knows of it, None where nothing is remembered."""
        with self._lock:
            return self._known.get((client, path, key))

    def _bytes(self) -> int:
        """Of the texts: several entries of one version share one."""
        return sum({id(shown.text): len(shown.text) for shown in self._known.values() if shown.text}.values())
