"""The way to a root: where it may be led elsewhere, or go on once something comes there."""

from __future__ import annotations

import os
import stat
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from confkeep.files.walk import MAX_LINKS, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Step(NamedTuple):
    """``name`` in ``directory``, which is free of links; ``mode`` is that of what is there, None where nothing is."""

    directory: str
    name: str
    mode: int | None

    @property
    def path(self) -> str:
        """Both."""
        return os.path.join(self.directory, self.name)

    @property
    def is_directory(self) -> bool:
        """Whether it is one itself, not a link to one."""
        return self.mode is not None and stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """Whether it leads elsewhere."""
        return self.mode is not None and stat.S_ISLNK(self.mode)


def way(path: str) -> Iterator[Step]:
    """Each name that the kernel goes through to the absolute ``path`` (path_resolution(7)), up to the first missing."""
    at, left, links = "/", deque(parts_of(path)), 0
    while left:
        name = left.popleft()
        if name == "..":
            at = os.path.dirname(at)
            continue
        step = Step(at, name, _mode(os.path.join(at, name)))
        yield step
        if step.is_link:
            links += 1
            to = _readlink(step.path)
            at = "/" if to.startswith("/") else at
            left.extendleft(reversed(parts_of(to)))
        else:
            at = step.path
        if step.mode is None or links > MAX_LINKS:
            return


def _mode(path: str) -> int | None:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return None


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
