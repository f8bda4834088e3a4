"""MNT004: the directory that is mounted is no longer the one at its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules import staleness
from confkeep.layout.rules.about import mounted, restart
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis, Skipped
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        if holding.kind == "directory" and staleness.of(survey, holding) is staleness.State.GONE:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} shows a directory that is no longer at {holding.host_path or 'its source'}: the"
                " container does not see what is there now, and can create nothing in it",
                f"{restart(holding.container)}; if the directory is replaced again and again, mount the one above it",
            )
    yield from staleness.unjudged(RULE, survey)


RULE = Rule("MNT004", "stale-directory-mount", Severity.ERROR, needs(Source.SELF, Source.PROC), _look)
