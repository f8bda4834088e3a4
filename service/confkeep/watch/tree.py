"""What is watched, by path: directories with all or some of their names, and single files."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.watch import inotify
from confkeep.watch.inotify import Inotify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.watch.inotify import Notice

#: Directories that hold no configuration, but thousands of files.
SKIPPED: Final = frozenset({".git", ".hg", ".svn", "__pycache__", "node_modules", ".venv"})


class LimitReached(Exception):
    """The user may have no more watches."""


@dataclass(slots=True)
class Watched:
    """One path of a watched inode. ``names``: of a directory, the entries that count; None: all of them."""

    path: str
    is_directory: bool
    names: set[str] | None = field(default=None)


class Tree:
    """The watches of one descriptor. An inode may have several paths here: each hears of what happens to it."""

    def __init__(self) -> None:
        """Raises LimitReached."""
        try:
            self._inotify = Inotify()
        except OSError as error:
            raise LimitReached("fs.inotify.max_user_instances") from error
        self.fd = self._inotify.fd
        self._by_number: dict[int, list[Watched]] = {}
        self._numbers: dict[str, int] = {}

    def close(self) -> None:
        """End all of them."""
        self._inotify.close()

    def read(self) -> list[Notice]:
        """What has happened since."""
        return self._inotify.read()

    def of(self, number: int) -> list[Watched]:
        """The paths of a watch."""
        return self._by_number.get(number, [])

    def forget(self, number: int) -> list[Watched]:
        """The kernel has ended this watch; what it was."""
        found = self._by_number.pop(number, [])
        for watched in found:
            self._numbers.pop(watched.path, None)
        return found

    def watch_directory(self, path: str) -> bool:
        """Watch all names in ``path``; whether there is such a directory. Raises LimitReached."""
        return self._add(Watched(path, is_directory=True), inotify.OF_TREE)

    def watch_name(self, directory: str, name: str) -> bool:
        """Watch what becomes of one name in ``directory``; whether there is such a directory. Raises LimitReached."""
        known = next((each for each in self.of(self._numbers.get(directory, 0)) if each.path == directory), None)
        if known is not None and known.names is None:
            return True
        names = {name} if known is None or known.names is None else known.names | {name}
        return self._add(Watched(directory, is_directory=True, names=names), inotify.OF_TREE)

    def watch_itself(self, path: str) -> bool:
        """Watch what becomes of the very directory at ``path``, not of what is in it. Raises LimitReached."""
        if path in self._numbers:
            return True
        return self._add(Watched(path, is_directory=True, names=set()), inotify.OF_ITSELF)

    def watch_file(self, path: str, descriptor: int) -> None:
        """Watch the file at ``path``, which ``descriptor`` (O_PATH) is open on. Raises LimitReached."""
        self._add(Watched(path, is_directory=False), inotify.OF_FILE, f"/proc/self/fd/{descriptor}")

    def drop_below(self, directory: str) -> None:
        """No longer watch ``directory`` and what is below it: it has moved, perhaps."""
        below = directory.rstrip("/") + "/"
        for path in [each for each in self._numbers if each == directory or each.startswith(below)]:
            self._drop(path)

    def _add(self, watched: Watched, mask: int, through: str = "") -> bool:
        try:
            number = self._inotify.add(through or watched.path, mask)
        except OSError as error:
            if inotify.is_limit(error):
                raise LimitReached("fs.inotify.max_user_watches") from error
            return False  # gone, closed to us, or no directory any more
        if self._numbers.get(watched.path, number) != number:
            self._drop(watched.path)  # another inode has its name now
        others = [each for each in self._by_number.get(number, []) if each.path != watched.path]
        self._by_number[number] = [*others, watched]
        self._numbers[watched.path] = number
        return True

    def _drop(self, path: str) -> None:
        number = self._numbers.pop(path)
        left = [each for each in self._by_number.get(number, []) if each.path != path]
        if left:
            self._by_number[number] = left
        else:
            self._by_number.pop(number, None)
            self._inotify.remove(number)


def directories(top: str) -> Iterator[str]:
    """``top`` and the directories below it, each before those in it; links are not entered."""
    left = [top]
    while left:
        at = left.pop()
        yield at
        with suppress(OSError), os.scandir(at) as found:
            left += [item.path for item in found if item.name not in SKIPPED and item.is_dir(follow_symlinks=False)]


def names_in(directory: str) -> list[str]:
    """What is in ``directory`` and is no directory; nothing where it cannot be read."""
    try:
        with os.scandir(directory) as found:
            return [item.name for item in found if not item.is_dir(follow_symlinks=False)]
    except OSError:
        return []
