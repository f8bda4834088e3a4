"""Polling, where the kernel cannot tell: network and FUSE filesystems, and where there are no more watches to be had.

watchdog's, which is imported only here. It compares times, sizes and inode numbers twice a second.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from confkeep.watch.tree import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds between two looks: what changes has to be known within one.
_INTERVAL: Final = 0.5


class Poller:
    """Polls ``path``, a directory with all that is below it, or a file.

    Where it is gone, or its server, it is waited for: watchdog itself would end. What of it cannot be listed is taken
    for empty: its files are told then, and again when they are back.
    """

    def __init__(self, path: str, takes: Callable[[str], bool], changed: Callable[[str], None]) -> None:
        """Call ``changed``, on threads of watchdog's, with each file that ``takes`` wants and that is another now.

        And once with ``path`` itself, when there is a first picture to compare with: what was changed before is in it.
        """
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers.polling import PollingObserverVFS

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                if event.is_directory:
                    return  # each file in it is told
                for each in (event.src_path, event.dest_path):
                    if each and isinstance(each, str):
                        changed(each)

        self.path = path
        self._is_directory = not os.path.isfile(path)
        self._top = path if self._is_directory else os.path.dirname(path)
        self._takes = takes
        self._changed = changed
        self._pictures = 0
        self._closing = threading.Event()
        self._observer = PollingObserverVFS(self._stat, self._listed, polling_interval=_INTERVAL)
        self._observer.schedule(Handler(), self._top, recursive=self._is_directory)
        _beside(self._observer.start)

    def _stat(self, path: str) -> os.stat_result:
        """A picture begins with its top, and only when the one before is whole."""
        if path != self._top:
            return os.lstat(path)
        self._pictures += 1
        if self._pictures == 2:  # noqa: PLR2004 - the first is whole
            self._changed(self.path)
        while True:
            try:
                return os.lstat(path)
            except OSError:
                if self._closing.wait(_INTERVAL):
                    return os.lstat(os.sep)  # nobody asks any more

    def _listed(self, directory: str | None) -> Iterator[os.DirEntry[str]]:
        with suppress(OSError), os.scandir(directory) as found:
            for item in found:
                if not self._is_directory:
                    if item.path == self.path:
                        yield item
                elif item.is_dir(follow_symlinks=False):
                    if item.name not in SKIPPED:
                        yield item
                elif item.is_symlink() or self._takes(item.path):  # links to files may lead through a link
                    yield item

    def close(self) -> None:
        """No longer. Does not wait for a filesystem that does not answer."""
        self._closing.set()
        _beside(self._observer.stop)


def _beside(call: Callable[[], None]) -> None:
    """Watchdog takes the first picture in the thread that starts it, and is waited for by the one that stops it."""
    threading.Thread(target=call, name="confkeep-poll", daemon=True).start()
