"""MNT023: the filesystem is another machine's, or another process's."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        if holding.mount is not None and holding.ours_to_judge and holding.mount.remote:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is on {holding.mount.fs_type}: changes that others make there are not told to this"
                " machine (they are found by polling), and a write lease may not keep other readers out",
                "nothing, if that is wanted; else keep configuration on a local disk",
            )


RULE = Rule("MNT023", "remote-or-fuse", Severity.WARNING, needs(Source.SELF, Source.PROC), _look)
