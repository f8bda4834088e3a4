"""MNT005: the engine believes in a mount that is no longer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.holdings import matched
from confkeep.layout.rules.about import found, restart
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for container in survey.containers:
        if container.table is None or container.declared is None:
            continue
        there = {one.destination for one in matched(container.table, container.declared).values()}
        for one in container.declared:
            if one.destination not in there:
                yield found(
                    RULE,
                    container,
                    one.destination,
                    f"the engine lists a mount at {one.destination} that the kernel no longer has: its mount point was"
                    " deleted or renamed over on the host, and the container sees what lies there instead",
                    remedy=f"{restart(container)}; un-nest the mounts (MNT015)",
                    evidence=f"Mounts: {one.kind} {one.source} at {one.destination}; no such line in mountinfo",
                )


RULE = Rule("MNT005", "ghost-mount", Severity.ERROR, needs((Source.PROC, Source.API)), _look)
