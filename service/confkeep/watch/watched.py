"""Which files are watched: by the root, for their names, or because they have a history."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from confkeep.files.leftovers import is_temporary
from confkeep.history import revisions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.files.root import Root
    from confkeep.history.store import Store


class Base(NamedTuple):
    """Where a root really is, free of links."""

    root: Root
    path: str
    is_single: bool

    @property
    def is_here(self) -> bool:
        """Whether a file at the root's path is what the root was at the last look: not a link, or nothing at all."""
        return self.is_single and self.root.path == self.path

    def relative(self, path: str) -> str | None:
        """What ``path`` is called below the root, None where it is not."""
        if self.is_single:
            return os.path.basename(self.root.path) if path == self.path else None
        below = self.path.rstrip("/") + "/"
        return path[len(below) :] if path.startswith(below) and path != below else None

    def is_within(self, directory: str) -> bool:
        """Whether the root is ``directory``, or below it."""
        return is_below(self.path, directory) or is_below(self.root.path, directory)


def is_below(path: str, directory: str) -> bool:
    """Whether ``path`` is ``directory``, or below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


class Selection:
    """The roots as they were last looked at. Any thread may ask, one changes it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.bases: tuple[Base, ...] = ()
        #: Files that are watched for their history, not for their names.
        self._odd: set[str] = set()

    def look(self, roots: Iterable[Root]) -> None:
        """These roots are watched, but for those that watch nothing; each is where it is now."""
        self.bases = tuple(_base_of(root) for root in roots if root.watch)

    def look_again(self, root: Root) -> Base:
        """Where ``root`` is now."""
        found = _base_of(root)
        self.bases = tuple(found if each.root is root else each for each in self.bases)
        return found

    def addresses(self, path: str) -> list[tuple[Root, str]]:
        """The roots that ``path`` is below, and what it is called there."""
        found = [(base.root, base.relative(path)) for base in self.bases]
        return [(root, relative) for root, relative in found if relative is not None]

    def takes(self, path: str) -> bool:
        """Whether ``path`` is watched, as far as is known without asking the history."""
        name = os.path.basename(path)
        if is_temporary(name) or not _is_addressable(name):
            return False
        return path in self._odd or any(
            base.is_single or base.root.is_watched(relative)
            for base in self.bases
            if (relative := base.relative(path)) is not None
        )

    def wants(self, path: str) -> bool:
        """Whether ``path`` is watched."""
        if self.takes(path):
            return True
        name = os.path.basename(path)
        if is_temporary(name) or not _is_addressable(name):
            return False
        with self._store.reading() as connection:
            known = revisions.file_id(connection, path) is not None
        if known:
            self.add(path)
        return known

    def add(self, path: str) -> None:
        """``path`` has a history."""
        self._odd.add(path)


def _base_of(root: Root) -> Base:
    return Base(root, os.path.realpath(root.path), root.is_single_file())


def _is_addressable(name: str) -> bool:
    """A name that is no UTF-8 has no address."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
