"""Who else holds the files, and what is wrong with that, as far as it can be seen: asked by saves, told as events.

One thread looks: at first, and again a little later when mounts or processes that hold some have changed, or when
others have put a new file in the place of one that is mounted somewhere; where only an engine can say what containers
hold, its events count as well. In between it sleeps.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.daemon.events import EventType
from confkeep.errors import shown
from confkeep.files.elsewhere import UNKNOWN
from confkeep.files.finding import Finding
from confkeep.files.root import relative_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from confkeep.daemon.events import Events
    from confkeep.files.elsewhere import Bound
    from confkeep.files.mounts import Facts
    from confkeep.files.place import Place
    from confkeep.files.root import Root
    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.following import Following
    from confkeep.layout.holders import Holders

_log: Final = logging.getLogger("confkeep")
#: Seconds from the first sign of a change to the look, and from one look to the next.
_GATHER: Final = 0.3
_REST: Final = 2.0
#: Seconds after the start for which engines are not asked: their SDK takes 50 ms to import, and first requests come.
_FIRST: Final = 1.0
#: Seconds for which a daemon that stops waits for a look.
_FAREWELL: Final = 0.5


class _Told(NamedTuple):
    """A finding, and the paths of ours that it is about."""

    what: Diagnosis
    paths: frozenset[str]

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same finding another time: its evidence has numbers that every mount makes anew."""
        return self.what.rule, self.what.container, self.what.path


class Surveying:
    """Imports the layout on its own thread, or with the first save: who never asks does not pay for it. Thread-safe."""

    def __init__(self, events: Events, roots: Callable[[], Iterable[Root]], state: str) -> None:
        """``roots``: as they are now. ``state``: the daemon's own state directory, which has rules of its own."""
        self._events = events
        self._roots = roots
        self._state = state
        self._guard = threading.Lock()
        self._holders: Holders | None = None
        self._following: Following | None = None
        self._known: tuple[_Told, ...] | None = None
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look for the first time, and then whenever something has changed; once started it goes on."""
        if self._thread is None:
            self._closing = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._closing,), name="confkeep-survey", daemon=True
            )
            self._thread.start()

    def elsewhere(self, place: Place, facts: Facts) -> Bound:
        """Whether somebody else has mounted this file's inode (confkeep.files.elsewhere)."""
        try:
            return self._held()(place, facts)
        except Exception:  # noqa: BLE001 - a save must not fail for want of a look around
            _log.exception("who else holds %s cannot be said", place.path)
            return UNKNOWN

    def findings(self, path: str) -> tuple[Finding, ...]:
        """What the doctor said of the file ``path`` at the last look; not what is merely noted of others' mounts."""
        if not self._known:
            return ()
        from confkeep.layout.diagnosis import Severity
        from confkeep.layout.mounttable import contains

        path = os.path.realpath(path)
        return tuple(
            _finding(told.what)
            for told in self._known
            if (told.what.severity is not Severity.NOTE or told.what.path in told.paths)
            and any(contains(each, path) for each in told.paths)
        )

    def changed(self, name: str, relative: str) -> None:
        """Others have changed a file of the root ``name``: look again soon, if somebody has the old one mounted."""
        held = self._holders
        root = next((each for each in self._roots() if each.name == name), None)
        if (
            held is not None
            and root is not None
            and held.may_be_stale(os.path.join(os.path.realpath(root.path), relative))
        ):
            self.look_soon()

    def look_soon(self) -> None:
        """Look again."""
        self._changed.set()
        if self._holders is not None:
            self._holders.wake()

    def close(self) -> None:
        """No longer, until it is started again; what was found is forgotten."""
        self._closing.set()
        if self._following is not None:
            self._following.close()
        self.look_soon()
        if self._thread is not None:
            self._thread.join(_FAREWELL)
        elif self._holders is not None:
            self._holders.close()
        with self._guard:
            self._holders = None  # a thread that is still looking closes its own
        self._thread = self._following = self._known = None

    def _held(self) -> Holders:
        with self._guard:
            if self._holders is None:
                from confkeep.layout.holders import Holders

                self._holders = Holders()
            return self._holders

    def _run(self, closing: threading.Event) -> None:
        held = self._held()
        closing.wait(_FIRST)
        while not closing.is_set():
            self._changed.clear()
            try:
                self._look(held)
            except Exception:  # noqa: BLE001 - the next look may be luckier, and saves ask for themselves
                _log.exception("the survey of the mounts has failed")
            closing.wait(_REST)
            while not (closing.is_set() or self._changed.is_set() or held.wait()):
                continue
            closing.wait(_GATHER)
        with self._guard:
            if self._holders is held:
                self._holders = None
        held.close()

    def _look(self, held: Holders) -> None:
        from confkeep.layout.doctor import diagnose
        from confkeep.layout.model import Scope

        here = held.look_around()
        report = diagnose(here.survey, Scope(state=self._state))
        found = tuple(_Told(one, here.paths(one)) for one in report.findings)
        if self._known is not None:
            before = {told.key for told in self._known}
            for told in found:
                if told.key not in before:
                    self._tell(told)
        self._known = found
        if held.needs_the_engine and self._following is None:
            self._follow(held)

    def _follow(self, held: Holders) -> None:
        from confkeep.layout.following import Following

        def changed() -> None:
            held.outdate()
            self.look_soon()

        self._following = Following(changed)
        self._following.start()

    def _tell(self, told: _Told) -> None:
        found = told.what
        members = {
            "rule": found.rule,
            "severity": found.severity.value,
            "container": found.container,
            "container_path": found.path,
            "detail": shown(found.message),
            "remedy": shown(found.remedy),
            "evidence": shown(found.evidence),
        }
        for root, relative in self._addresses(told):
            _log.warning("%s: root %s: %s; %s", found.rule, root.name, shown(found.message), shown(found.remedy))
            self._events.publish(EventType.FINDING, root.name, relative, members)

    def _addresses(self, told: _Told) -> Iterator[tuple[Root, str]]:
        """The roots that it concerns, and the path below each; "" where it is about a directory above."""
        from confkeep.layout.mounttable import contains

        for root in self._roots():
            base = os.path.realpath(root.path)
            for path in sorted(told.paths):
                relative = "" if contains(path, base) and path != base else relative_to(root, path)
                if relative is not None:
                    yield root, relative if path != base or root.is_single_file() else ""
                    break


def _finding(found: Diagnosis) -> Finding:
    shows = (shown(text) for text in (found.message, found.remedy, found.evidence))
    return Finding(found.rule, found.severity.value, *shows)
