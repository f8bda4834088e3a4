"""MNT014: a volume hides what the image has at that place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Skipped, Source
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.mnt013 import ANONYMOUS
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        declared = holding.declared
        if declared is None or not declared.volume or ANONYMOUS.fullmatch(declared.volume):
            continue
        if holding.path not in holding.container.image:
            yield Skipped(RULE.id, f"nobody could see what the image has at {holding.path}", holding.container.name)
        elif holding.container.image[holding.path]:
            yield mounted(
                RULE,
                holding,
                f"the volume {declared.volume} lies over files of the image at {holding.path}: it was filled with them"
                " once, and newer images do not change it",
                "after an update of the image compare its files with those in the volume; keep only your own files in"
                " a volume",
            )


RULE = Rule("MNT014", "volume-shadows-image", Severity.NOTE, needs((Source.API, Source.ROOT)), _look)
