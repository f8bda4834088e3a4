"""MNT020: numbers of users mean other users in the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import status
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import found
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for container in survey.containers:
        ranges = container.uid_map
        held = [holding for holding in survey.of(container) if holding.ours_to_judge]
        if not ranges or status.is_identity(ranges) or not held or not container.contained:
            continue
        strangers = [holding.path for holding in held if _is_strange(holding)]
        first = ranges[0]
        yield found(
            RULE,
            container,
            strangers[0] if strangers else held[0].path,
            f"the container has a user namespace: its user {first.inside} is {first.outside} on the host"
            + (f", and may not write {', '.join(strangers)}, whose owner it does not know" if strangers else ""),
            remedy=f"`chown {first.outside}` on the host what the container's user {first.inside} is to write; or"
            " `userns_mode: host`",
            evidence=f"uid_map: {'; '.join(f'{one.inside} {one.outside} {one.size}' for one in ranges)}",
        )


def _is_strange(holding: Holding) -> bool:
    seen, ranges = holding.seen, holding.container.uid_map or ()
    return seen is not None and not any(0 <= seen.uid - one.outside < one.size for one in ranges)


RULE = Rule("MNT020", "userns-remap", Severity.WARNING, needs(Source.PROC), _look)
