"""MNT018: the same file is mounted singly in one place, and with its directory in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import names
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
        if holding.kind != "file" or holding.place is None or holding.place in told or not holding.ours_to_judge:
            continue
        told.add(holding.place)
        if names.of_the_system(holding.path):
            continue
        renamers = [(one, path) for one, path in survey.over(holding.place) if _renames(one)]
        if renamers:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is mounted singly, while {_named(holding, renamers)} its directory: what saves there"
                " by rename leaves this mount with the old file",
                "mount the directory in all containers; until then let only programs write that save in place, such"
                ' as confkeep with `route = "overwrite"`',
            )


def _renames(directory: Holding) -> bool:
    """Nobody renames through what is read-only; who has the whole machine administers it."""
    return not directory.read_only and directory.host_path != "/"


def _named(holding: Holding, renamers: list[tuple[Holding, str]]) -> str:
    """Who else sees it, and as what."""
    seen = sorted(
        f"as {path}" if one.container is holding.container else f"in {one.container.name or 'our own view'} as {path}"
        for one, path in renamers
    )
    return f"it is seen {', '.join(seen)} through"


RULE = Rule("MNT018", "mixed-granularity", Severity.ERROR, needs(Source.PROC, Source.API), _look)
