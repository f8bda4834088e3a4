"""Somebody who is told what the watching finds, and waits for it."""

from __future__ import annotations

import queue
import time
from typing import TYPE_CHECKING, Any, cast

from confkeep.etag import etag_of

if TYPE_CHECKING:
    from confkeep.files.finding import Finding
    from confkeep.files.root import Root
    from confkeep.watch.happened import Change
    from confkeep.watch.standing import Standing
    from confkeep.watch.watcher import Watcher

#: Seconds after which what has not come does not come: not a measure of speed.
PATIENCE = 20.0
#: Seconds in which what must not come would have come.
_QUIET = 0.7
#: Seconds by which the time of a file may be late.
_TICK = 0.02


class Heard:
    """Everything in its order."""

    def __init__(self) -> None:
        self._told: queue.Queue[Any] = queue.Queue()
        self.findings: list[Finding] = []

    def changed(self, change: Change) -> None:
        """As a Listener."""
        self._told.put(change)

    def stands(self, root: Root, relative: str, standing: Standing) -> None:
        """As a Listener."""
        self._told.put((root.name, relative, standing))

    def limited(self, root: Root, finding: Finding) -> None:
        """As a Listener."""
        assert root.name in finding.message
        self.findings.append(finding)

    def change(self) -> Change:
        """The next, which is a change."""
        return self.within(time.monotonic() + PATIENCE)

    def within(self, give_up: float) -> Change:
        """The next, which comes before that moment (of the monotonic clock)."""
        try:
            found = self._told.get(timeout=max(0.0, give_up - time.monotonic()))
        except queue.Empty:
            raise AssertionError("nothing more is told") from None
        assert not isinstance(found, tuple), found
        change: Change = found
        return change

    def standing(self) -> tuple[str, str, Standing]:
        """The next, which is about a mount."""
        found = self._told.get(timeout=PATIENCE)
        assert isinstance(found, tuple), found
        return cast("tuple[str, str, Standing]", found)

    def content(self, relative: str, data: bytes | None) -> Change:
        """The next, which says that ``relative`` holds ``data`` now (None: it is removed)."""
        found = self.change()
        assert (found.relative, found.etag) == (relative, None if data is None else etag_of(data)), found
        return found

    def nothing_more(self) -> None:
        """Nothing else was told, and nothing else is going to be."""
        time.sleep(_QUIET)
        assert self._told.empty(), self._told.get()


def started(watcher: Watcher) -> None:
    """Start it, and wait until it has seen all that is there; what was just made shall not look as if it came since."""
    time.sleep(_TICK)
    watcher.start()
    _wait_for_rest(watcher)


def _wait_for_rest(watcher: Watcher) -> None:
    give_up = time.monotonic() + PATIENCE
    quiet = 0
    while quiet < 5:
        assert time.monotonic() < give_up, "the first round does not end"
        quiet = quiet + 1 if watcher.is_at_rest else 0
        time.sleep(0.01)
