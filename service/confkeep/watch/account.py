"""The look at what is marked, the record of what is news, and the telling of it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.errors import ConfkeepError
from confkeep.history import revisions
from confkeep.history.revisions import Origin
from confkeep.watch.glance import Busy, glance, record
from confkeep.watch.happened import Change
from confkeep.watch.told import Told

if TYPE_CHECKING:
    from confkeep.keeper import Keeper
    from confkeep.watch.glance import Glance
    from confkeep.watch.ground import Ground
    from confkeep.watch.happened import Listener
    from confkeep.watch.marks import Mark, Marks

_log: Final = logging.getLogger("confkeep")
#: Files, and bytes, that are recorded in one commit.
_FILES: Final = 64
_BYTES: Final = 4 << 20
#: Nanoseconds by which the kernel's coarse clock, which dates files, may be late (10 ms at 100 Hz).
_TICK: Final = 10_000_000


class _News(NamedTuple):
    path: str
    mark: Mark
    glance: Glance


class _Link(NamedTuple):
    """Where a link led, and which content that had."""

    path: str
    etag: str | None


class Account:
    """Keeps the history's account of what is marked. Belongs to the watcher's thread."""

    def __init__(self, keeper: Keeper, marks: Marks, ground: Ground, listener: Listener) -> None:
        self._keeper = keeper
        self._marks = marks
        self._ground = ground
        self._listener = listener
        self._links: dict[str, _Link] = {}
        self._told = Told()
        self._is_failing = False

    def begin(self) -> None:
        """What is in the history by now is told. Raises what the store raises."""
        with self._keeper.store.reading() as connection:
            self._told.begin(revisions.last(connection))

    def settle(self) -> None:
        """Look at what is due, one commit's worth."""
        news: list[_News] = []
        size = 0
        for path, mark in self._marks.take(_FILES):
            if size > _BYTES:
                self._marks.put_back(path, mark)
                continue
            found = self._looked(path, mark)
            if found is not None:
                news.append(_News(path, mark, found))
                size += 0 if found.version is None else len(found.version.data)
        if news:
            self._record(news)

    def _looked(self, path: str, mark: Mark) -> Glance | None:
        """As ``_look``; where the state directory fails it is looked at again, and nothing else waits for that."""
        try:
            return self._look(path, mark)
        except ConfkeepError as error:
            self._warn(error)
            self._marks.again(path, mark)
            return None

    def _warn(self, error: Exception) -> None:
        if not self._is_failing:
            _log.warning("changes by others cannot be recorded, and are tried again: %s", error)
        self._is_failing = True

    def _look(self, path: str, mark: Mark) -> Glance | None:
        """What is news of ``path``."""
        if not self._ground.selection.wants(path):
            self._look_through(path)
            return None
        found = self._glance(path, mark)
        if found is None:
            return None
        if found.path != path:
            self._follow(path, found)
        if not found.is_news:
            self._tell_recorded(path, mark, found)
            return None
        if found.version is None and not self._marks.is_really_gone(path, mark):
            return None
        return found

    def _glance(self, path: str, mark: Mark) -> Glance | None:
        for root, relative in self._ground.selection.addresses(path):
            try:
                return glance(self._keeper, root, relative, path, self._ground.pin)
            except (Busy, OSError) as error:
                _log.debug("%s cannot be looked at now: %s", path, error)
                self._marks.again(path, mark)
                return None
        return None

    def _record(self, news: list[_News]) -> None:
        try:
            numbers = record(self._keeper, [each.glance for each in news])
        except (ConfkeepError, OSError) as error:
            self._warn(error)
            for each in news:
                self._marks.again(each.path, each.mark)
            return
        self._is_failing = False
        for each, number in zip(news, numbers, strict=True):
            if number is None:
                self._marks.again(each.path, each.mark)
            else:
                self._tell(each, number)

    def _tell(self, news: _News, number: int) -> None:
        found = news.glance
        self._told.add(found.path, number)
        if news.path != found.path:
            self._marks.add(news.path)
        if found.known is None and news.mark.silent and not self._is_new(found.path):
            return
        is_created = found.known is None or found.known.etag is None
        self._tell_at(found.path, found, number, is_created=is_created)
        self._mark_links_to(found.path)

    def _mark_links_to(self, path: str) -> None:
        for link, led in self._links.items():
            if led.path == path:
                self._marks.add(link)

    def _tell_recorded(self, path: str, mark: Mark, found: Glance) -> None:
        """Tell of what somebody else did that a save has recorded before us: of the same bytes, or one that failed."""
        known = found.known
        if known is None or known.origin is not Origin.EXTERNAL or self._told.has(found.path, known.id):
            return
        if path != found.path:
            self._marks.add(found.path)
            return
        self._told.add(path, known.id)
        if not mark.silent:
            self._tell_at(path, found, known.id, is_created=False)
            self._mark_links_to(path)

    def _is_new(self, path: str) -> bool:
        """Whether the file has come, or was changed, while the first round was still on its way to it."""
        try:
            return os.stat(path).st_ctime_ns >= self._ground.since(path) - _TICK
        except OSError:
            return True

    def _tell_at(self, path: str, found: Glance, number: int, *, is_created: bool) -> None:
        version = found.version
        etag, size = (None, 0) if version is None else (version.etag, len(version.data))
        for root, relative in self._ground.selection.addresses(path):
            self._listener.changed(Change(root.name, relative, etag, number, size, is_created))

    # --- links to files: what they lead to has its own name in the history, but readers may know it by the link's

    def _follow(self, link: str, found: Glance) -> None:
        """Tell of ``link`` when it leads to something else than before, or to what others have changed."""
        if found.is_news:
            return  # it is recorded in a moment, for what it is; the link is looked at again then
        before, known = self._links.get(link), found.known
        etag = None if found.version is None else found.version.etag
        self._links[link] = _Link(found.path, etag)
        if before is None or before.etag == etag or known is None:
            return
        if known.origin is Origin.EXTERNAL or before.path != found.path:
            self._tell_at(link, found, known.id, is_created=False)

    def _look_through(self, path: str) -> None:
        """A link to a directory has changed, perhaps: links to files may lead through it."""
        if self._links and os.path.islink(path):
            for link in self._links:
                self._marks.add(link)
