"""MNT002: the file that is mounted is no longer the one at its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules import staleness
from confkeep.layout.rules.about import mounted, restart
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis, Skipped
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        if holding.kind != "directory" and staleness.of(survey, holding) is staleness.State.GONE:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} shows a file that is no longer at {holding.host_path or 'its source'}: the container"
                " reads the old content, and what it writes there is lost",
                _remedy(holding),
            )
    yield from staleness.unjudged(RULE, survey)


def _remedy(holding: Holding) -> str:
    again = f"{restart(holding.container)} (`compose up` does not repair it); then mount the directory (MNT001)"
    source = holding.declared.source if holding.declared is not None else ""
    if source and holding.container.host.get(source, ...) is None:
        return f"put the file back at {source} first, or the engine makes a directory there; then {again}"
    return again


RULE = Rule("MNT002", "stale-file-mount", Severity.ERROR, needs(Source.SELF, Source.PROC), _look)
