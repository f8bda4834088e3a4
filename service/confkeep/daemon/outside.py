"""What others do to the files: told as events, counted, logged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from confkeep.daemon.events import EventType
from confkeep.errors import shown
from confkeep.history.revisions import Origin

if TYPE_CHECKING:
    from confkeep.daemon.events import Events
    from confkeep.daemon.metrics import Metrics
    from confkeep.daemon.surveying import Surveying
    from confkeep.files.finding import Finding
    from confkeep.files.root import Root
    from confkeep.watch.happened import Change
    from confkeep.watch.standing import Standing

_log: Final = logging.getLogger("confkeep")


class Outside:
    """Listens to the watching (confkeep.watch.happened.Listener), on its threads."""

    def __init__(self, events: Events, metrics: Metrics, surveying: Surveying) -> None:
        """``surveying`` is told where the mounts of others may be concerned."""
        self._events = events
        self._surveying = surveying
        self._metrics = metrics
        #: By root: what keeps it from being watched as it should be.
        self.findings: dict[str, Finding] = {}

    def changed(self, change: Change) -> None:
        """Somebody else changed or removed a file."""
        kind = EventType.REMOVED if change.etag is None else EventType.CHANGED
        self._metrics.outside.count(kind.value)
        _log.info("%s/%s: %s by others, revision %d", change.root, shown(change.relative), kind, change.revision)
        members = {
            "etag": change.etag,
            "revision": change.revision,
            "size": change.size,
            "created": change.created,
            "origin": Origin.EXTERNAL.value,
            "uid": None,
            "request_id": None,
        }
        self._events.publish(kind, change.root, change.relative, members)
        self._surveying.changed(change.root, change.relative)  # a rename: whoever mounts the file keeps the old one

    def stands(self, root: Root, relative: str, standing: Standing) -> None:
        """A mount is stale, or is no longer, or is another one."""
        level = logging.INFO if standing.rule is None else logging.WARNING
        _log.log(level, "root %s: %s; %s", root.name, standing.detail, standing.remedy or standing.state)
        members = {
            "rule": standing.rule,
            "state": standing.state.value,
            "detail": standing.detail,
            "remedy": standing.remedy,
            "evidence": standing.evidence,
        }
        self._events.publish(EventType.MOUNT, root.name, relative, members)
        self._surveying.look_soon()

    def limited(self, root: Root, finding: Finding) -> None:
        """There are no more watches to be had for ``root``."""
        self.findings[root.name] = finding
        _log.warning("%s: %s; %s (%s)", finding.rule, finding.message, finding.remedy, finding.evidence)
