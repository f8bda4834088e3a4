"""MNT009: a mount is read-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable, names
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import is_to_be_saved, mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        if holding.read_only and _is_somebody_s(holding):
            target = is_to_be_saved(survey, scope, holding)
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is mounted read-only: nothing in it can be saved from this container",
                "drop `:ro` (or `read_only: true`) for the one container that writes"
                if target
                else "right for a container that only reads; drop `:ro` for the one that writes",
                Severity.ERROR if target else None,
            )


def _is_somebody_s(holding: Holding) -> bool:
    """Whether anybody could want to save there: not in /proc, nor in the clock's zone."""
    pseudo = holding.mount is not None and mounttable.pseudo(holding.mount)
    return holding.ours_to_judge and not pseudo and not names.of_the_system(holding.path)


RULE = Rule("MNT009", "readonly-mount", Severity.NOTE, needs(Source.SELF, Source.PROC, Source.API), _look)
