"""MNT003: what is mounted has been renamed on the host, and something else has its old name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable
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
        if staleness.of(survey, holding) is staleness.State.MOVED and holding.mount and holding.declared:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} shows what is called {mounttable.root_of(holding.mount)} now, and not what is at"
                f" {holding.declared.source}: edits of either do not reach the other",
                _remedy(holding, holding.declared.source),
            )
    yield from staleness.unjudged(RULE, survey)


def _remedy(holding: Holding, source: str) -> str:
    keep = "let editors keep the file's name (no backup by rename), or mount the directory above it"
    if holding.container.host.get(source, ...) is None:
        again = restart(holding.container)
        return f"put it back at {source} first, or the engine makes a directory there; then {again}; {keep}"
    return f"{restart(holding.container)}, which mounts what is at {source}; {keep}"


RULE = Rule("MNT003", "source-renamed", Severity.ERROR, needs((Source.PROC, Source.ROOT)), _look)
