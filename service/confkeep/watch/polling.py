"""Polling, where the kernel cannot tell: network and FUSE filesystems, and where there are no more watches to be had.

watchdog's, which is imported only here. It compares times, sizes and inode numbers twice a second.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from confkeep.watch.tree import SKIPPED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds between two looks: what changes has to be known within one.
_INTERVAL: Final = 0.5


class Poller:
    """Polls ``path``, a directory with all that is below it, or a file."""

    def __init__(self, path: str, takes: Callable[[str], bool], changed: Callable[[str], None]) -> None:
        """From now on ``changed`` is called, on a thread of watchdog's, with each file that ``takes`` wants."""
        from watchdog.events import FileSystemEvent, FileSystemEventHandler
        from watchdog.observers.polling import PollingObserverVFS

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                for each in (event.src_path, event.dest_path):
                    if each and isinstance(each, str):
                        changed(each)

        self.path = path
        self._is_directory = os.path.isdir(path)
        self._takes = takes
        self._observer = PollingObserverVFS(os.lstat, self._listed, polling_interval=_INTERVAL)
        top = path if self._is_directory else os.path.dirname(path)
        self._observer.schedule(Handler(), top, recursive=self._is_directory)
        self._observer.start()

    def _listed(self, directory: str | None) -> Iterator[os.DirEntry[str]]:
        with os.scandir(directory) as found:
            for item in found:
                if not self._is_directory:
                    if item.path == self.path:
                        yield item
                elif item.is_dir(follow_symlinks=False):
                    if item.name not in SKIPPED:
                        yield item
                elif self._takes(item.path):
                    yield item

    def is_alive(self) -> bool:
        """Whether it still polls: it ends when its directory is gone."""
        return any(emitter.is_alive() for emitter in self._observer.emitters)

    def close(self) -> None:
        """No longer. Does not wait for a filesystem that does not answer."""
        self._observer.stop()
