"""MNT027: a mount that nobody asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules import mnt025
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for container in survey.containers:
        along = [one for one in survey.of(container) if not one.ours_to_judge and not mnt025.of(one)]
        for outer, inner in _by_outer(survey, along).items():
            others = f" (and {len(inner) - 1} more below {outer})" if len(inner) > 1 else ""
            yield mounted(
                RULE,
                inner[0],
                f"{inner[0].path}{others} is a mount that the engine was not told to make: it came along with the"
                " directory around it, or somebody made it later",
                "nothing, if that is wanted; else `bind: {recursive: disabled}`, or mount it on the host after the"
                " container's start",
            )


def _by_outer(survey: Survey, along: list[Holding]) -> dict[str, list[Holding]]:
    """Whoever mounts the host's root gets dozens: they are told of together, by what was asked for around them."""
    groups: dict[str, list[Holding]] = {}
    for one in sorted(along, key=lambda holding: holding.path):
        asked = [other.path for other in survey.of(one.container) if other.ours_to_judge]
        around = [path for path in asked if mounttable.is_below(one.path, path)]
        groups.setdefault(max(around, key=len, default=one.path), []).append(one)
    return groups


RULE = Rule("MNT027", "undeclared-submount", Severity.NOTE, needs((Source.PROC, Source.API)), _look)
