"""The watching of all roots: those on this machine's own filesystems share one thread and one inotify descriptor.

A root on a network filesystem has a thread of its own: where the server does not answer, only that one waits.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Final

from confkeep.watch import standing
from confkeep.watch.watched import is_below
from confkeep.watch.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.files.root import Root
    from confkeep.keeper import Keeper
    from confkeep.watch.happened import Listener

#: Seconds that the end waits for a filesystem that does not answer.
_PATIENCE: Final = 0.5


class Watching:
    """Watches nothing until ``watch`` is called. Any thread may call."""

    def __init__(self, keeper: Keeper, listener: Listener) -> None:
        self._keeper = keeper
        self._listener = listener
        self._guard = threading.Lock()
        self._watchers: list[Watcher] = []
        #: When each root began to be watched: settings that are read again do not make its files older.
        self._since: dict[tuple[str, tuple[str, ...]], int] = {}
        self._is_closed = False

    def watch(self, roots: Iterable[Root]) -> None:
        """Watch these roots from now on, and no others."""
        with self._guard:
            self._end()
            if self._is_closed:
                return
            now = time.time_ns()
            since = {root: self._since.get((root.path, root.watch), now) for root in roots}
            self._since = {(root.path, root.watch): begun for root, begun in since.items()}
            self._watchers = [Watcher(self._keeper, group, self._listener, since) for group in _groups(list(since))]
            for watcher in self._watchers:
                watcher.start()

    def close(self) -> None:
        """Watch nothing any more."""
        with self._guard:
            self._is_closed = True
            self._end()

    def _end(self) -> None:
        give_up = time.monotonic() + _PATIENCE
        for watcher in self._watchers:
            watcher.end()
        for watcher in self._watchers:
            watcher.close(max(0.0, give_up - time.monotonic()))
        self._watchers.clear()


def _groups(roots: list[Root]) -> list[list[Root]]:
    """Decided by the table of mounts alone: to look at a root could wait for ever."""
    watched = [root for root in roots if root.watch]
    remote = {point for point, mount in standing.table().items() if mount.remote}
    alone = [root for root in watched if any(_meet(os.path.abspath(root.path), point) for point in remote)]
    together = [root for root in watched if root not in alone]
    return [*([together] if together else []), *([root] for root in alone)]


def _meet(path: str, point: str) -> bool:
    return is_below(path, point) or is_below(point, path)
