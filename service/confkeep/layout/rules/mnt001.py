"""MNT001: a single file is mounted by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import names
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        if holding.kind == "file" and holding.ours_to_judge and not names.of_the_system(holding.path):
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is a single file that is mounted by itself: in the container nothing can be renamed"
                " over it (EBUSY), and a rename on the host leaves the container with the old file",
                "mount its directory: `./conf:/config` instead of `./conf/a.yaml:/config/a.yaml`",
            )


RULE = Rule("MNT001", "single-file-bind", Severity.WARNING, needs(Source.SELF, Source.PROC, Source.API), _look)
