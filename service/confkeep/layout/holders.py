"""Who else holds a file by a mount of its own, asked before each save; from a survey that is made again when needed."""

from __future__ import annotations

import os
import select
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.files import mounts
from confkeep.files.elsewhere import NOT_BOUND, UNKNOWN, Bound
from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Source
from confkeep.layout.freshness import Freshness
from confkeep.layout.here import Here
from confkeep.layout.look import look
from confkeep.layout.model import OK
from confkeep.layout.processes import own_view

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.files.mounts import Facts
    from confkeep.files.place import Place
    from confkeep.layout.here import Spot
    from confkeep.layout.holdings import Holding
    from confkeep.layout.survey import Survey

_PROC: Final = "/proc"


class _Known(NamedTuple):
    """One look, and whether it still holds. ``own``: our own mounts by their ids; ``points``: by what they show."""

    here: Here
    own: dict[int, mounts.Mount]
    points: dict[Spot, list[str]]
    freshness: Freshness

    @property
    def by_proc(self) -> bool:
        return self.here.survey.sources.get(Source.PROC) == OK

    @property
    def by_engine(self) -> bool:
        return not self.by_proc and self.here.survey.sources.get(Source.API) == OK


class Holders:
    """Knows who holds what. Thread-safe; ``close`` it.

    Other processes' tables of mounts are enough for an answer, and are looked at again within it where they are no
    longer what they were. Engines are asked by ``look_around`` alone, so that no save waits for one: for names, and for
    everything where other processes are not to be seen.
    """

    def __init__(self, proc: str = _PROC) -> None:
        """Nothing is looked at before the first question."""
        self._proc = proc
        self._guard = threading.RLock()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._known: _Known | None = None
        #: Of containers whose engine was asked once, what people call them.
        self._names: dict[str, str] = {}
        #: An engine has told of a change that ``look_around`` has not looked at.
        self._is_old = False
        #: A save has found the look outdated, before ``wait`` has.
        self._is_news = False

    def __call__(self, place: Place, facts: Facts) -> Bound:
        """Who has mounted the file at ``place``, which is ``facts``, somewhere else.

        ``unknown`` where neither other processes nor an engine have shown any container, and where the engine that has
        shown them tells of changes that ``look_around`` has yet to look at.
        """
        with self._guard:
            if self._wake < 0:
                return UNKNOWN
            known, is_old = self._now(), self._is_old
        if not known.by_proc and not known.by_engine:
            return UNKNOWN
        names = sorted(set(self._holding(known, place, facts)))
        if names:
            return Bound("yes", ", ".join(names))
        return UNKNOWN if known.by_engine and is_old else NOT_BOUND

    @property
    def needs_the_engine(self) -> bool:
        """Whether only an engine can say who holds what, so that its events count."""
        with self._guard:
            return self._known is not None and self._known.by_engine

    def look_around(self) -> Here:
        """Look at everything anew, engines too: seconds, where one of them does not answer."""
        with self._guard:
            self._is_old = False
        fresh = Freshness(self._proc)
        known = _known(look(proc=self._proc), fresh, self._proc)
        with self._guard:
            self._publish(known)
            self._names = {one.id: one.name for one in known.here.survey.containers if one.engine}
        return known.here

    def outdate(self) -> None:
        """An engine has told of a change."""
        with self._guard:
            self._is_old = True

    def may_be_stale(self, path: str) -> bool:
        """Whether what is at ``path``, or at a directory above it, is not what others have mounted from there.

        Where nobody may stat what they have mounted, that may be so of each file that somebody has mounted.
        """
        with self._guard:
            known = self._known
        if known is None:
            return False
        whole = path
        while path != "/":
            held = list(_held(known, path, known.here.spot(path)))
            found = _inode(path) if held else None
            if any(one.inode != found for one in held if one.inode or path == whole):
                return True
            path = os.path.dirname(path)
        return False

    def wait(self) -> bool:
        """Wait until a mount or a process that counts has changed (True), or until ``wake``, or for no reason."""
        poll = select.poll()
        with self._guard:
            known = self._known
            for fd, what in known.freshness.fds.items() if known else ():
                poll.register(fd, what)
        poll.register(self._wake, select.POLLIN)
        found = {fd for fd, _ in poll.poll()}
        if self._wake in found:
            os.eventfd_read(self._wake)
        with self._guard:
            is_news, self._is_news = self._is_news or bool(found - {self._wake}), False
            if is_news and known is not None:
                known.freshness.close()  # the kernel tells it once, and has told it to us
        return is_news

    def wake(self) -> None:
        """Let ``wait`` return."""
        with self._guard:
            if self._wake >= 0:
                os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """Let go of what is open; from now on nothing is known. Nobody may be waiting."""
        with self._guard:
            if self._known is not None:
                self._known.freshness.close()
                self._known = None
            if self._wake >= 0:
                os.close(self._wake)
                self._wake = -1

    def _now(self) -> _Known:
        known = self._known
        if known is None or (known.by_proc and not known.freshness.is_fresh()):
            self._is_news = known is not None
            fresh = Freshness(self._proc)
            known = _known(look(addresses=(), proc=self._proc), fresh, self._proc)
            self._publish(known)
        return known

    def _publish(self, known: _Known) -> None:
        if self._known is not None:
            self._known.freshness.close()
        self._known = known
        self.wake()  # whoever waits has the descriptors of the look before

    def _holding(self, known: _Known, place: Place, facts: Facts) -> Iterator[str]:
        """In words: mounts of this very file in other containers, and in our own at another path."""
        mount = known.own.get(facts.mount_id) or mounts.find_mount(facts.mount_id)
        spot = known.here.spot(place.path, mount) if mount else None
        inode = (f"{os.major(facts.dev)}:{os.minor(facts.dev)}", facts.ino)
        for one in _held(known, place.path, spot, inode):
            if self._is_still(one, inode):
                yield self._name(one)
        for point in known.points.get(spot, ()) if spot else ():
            if point != place.path:
                yield f"a mount at {point}"

    def _is_still(self, holding: Holding, inode: tuple[str, int]) -> bool:
        """Whether its mount is not stale and shows the same by now: of a rename on the host the kernel tells nobody."""
        if holding.mount is None:
            return True  # only an engine has told of it
        now = next((one for one in self._table(holding) if one.mount_id == holding.mount.mount_id), None)
        return now is not None and not now.deleted and (now.root == holding.mount.root or holding.inode == inode)

    def _table(self, holding: Holding) -> tuple[mounts.Mount, ...]:
        try:
            with open(f"{self._proc}/{holding.container.pid}/mountinfo", "rb") as file:
                return mounttable.parse_table(os.fsdecode(file.read()))
        except OSError:
            return ()

    def _name(self, holding: Holding) -> str:
        container = holding.container
        name = self._names.get(container.id, container.name)
        return f"{'container ' if container.contained else ''}{name} at {holding.path}"


def _known(survey: Survey, fresh: Freshness, proc: str) -> _Known:
    here = Here.of(survey, own_view(proc))
    points: dict[Spot, list[str]] = {}
    for mount in here.table:
        points.setdefault((mounttable.device(mount), mount.root), []).append(mount.mount_point)
    return _Known(here, {mount.mount_id: mount for mount in here.table}, points, fresh)


def _held(known: _Known, path: str, spot: Spot | None, inode: tuple[str, int] | None = None) -> Iterator[Holding]:
    """Mounts that others have of what is at ``path``, but those that are stale by the kernel's word."""
    survey = known.here.survey
    for one in (*survey.holders(inode, spot), *survey.holders(None, known.here.declared_spot(path))):
        if one.container is not known.here.ours and not one.stale:
            yield one


def _inode(path: str) -> tuple[str, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}", found.st_ino
