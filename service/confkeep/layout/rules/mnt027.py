"""MNT027: a mount that nobody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules import mnt025
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        if not holding.ours_to_judge and not mnt025.of(holding):
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is a mount that the engine was not told to make: it came along with the directory"
                " around it, or somebody made it later",
                "nothing, if that is wanted; else `bind: {recursive: disabled}`, or mount it on the host after the"
                " container's start",
            )


RULE = Rule("MNT027", "undeclared-submount", Severity.NOTE, needs((Source.PROC, Source.API)), _look)
