"""MNT017: several containers may write the same file or directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable, names
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    told: set[tuple[str, str]] = set()
    for holding in survey.holdings:
        if holding.place is None or holding.place in told or not _writes(holding):
            continue
        told.add(holding.place)
        writers = _writers(survey, holding.place)
        if len({id(one.container) for one in writers}) > 1:
            others = sorted({one.container.name for one in writers if one.container is not holding.container})
            yield mounted(
                RULE,
                holding,
                f"{holding.path} can be written by {', '.join(others)} as well: without a compare (If-Match) the last"
                " one to save wins, and the others' changes are lost",
                "let one container write, and mount it `:ro` in the others; or save through confkeep from all of them",
            )


def _writers(survey: Survey, place: tuple[str, str]) -> list[Holding]:
    holders = [*survey.at(place), *(holding for holding, _ in survey.over(place))]
    return [holding for holding in holders if holding.container.contained and _writes(holding)]


def _writes(holding: Holding) -> bool:
    """Whether files can be changed there: a socket or a device is shared on purpose."""
    if holding.read_only or holding.kind not in {"file", "directory"} or names.of_the_system(holding.path):
        return False
    if holding.host_path == "/":
        return False  # who has the whole machine administers it
    return holding.mount is None or holding.mount.fs_type not in mounttable.IN_MEMORY


RULE = Rule("MNT017", "shared-writers", Severity.WARNING, needs(Source.PROC, Source.API), _look)
