"""MNT024: a symbolic link leads out of its mount, or nowhere."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable, names
from confkeep.layout.diagnosis import Diagnosis, Severity, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Scope, Stat
    from confkeep.layout.survey import Survey

_MOST: Final = 40  # links on one way, as the kernel has it (path_resolution(7))


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        inside = holding.container.inside
        for path, stat in inside.items():
            if stat is None or stat.kind != "link" or not mounttable.is_below(path, holding.path):
                continue
            if not (names.of_a_file(path) or path in scope.paths) or not survey.carries(holding, path):
                continue
            end = leads_to(inside, path)
            if end is None or inside.get(end, ...) is None or not survey.carries(holding, end):
                yield _finding(holding, path, stat.target, end)


def _finding(holding: Holding, path: str, target: str, end: str | None) -> Diagnosis:
    return Diagnosis(
        rule=RULE.id,
        severity=RULE.severity,
        container=holding.container.name,
        path=path,
        message=f"{path} is a link to {target}: in the container that is "
        + ("a circle" if end is None else f"{end}, and not a file of {holding.path}"),
        remedy=f"put the file itself below {holding.path}, or link to it by a path that stays below (`ln -sr`)",
        evidence=f"{path} -> {target}",
    )


def leads_to(inside: Mapping[str, Stat | None], path: str) -> str | None:
    """Where a path ends when the links that are known are followed as the container does; None for a circle."""
    for _ in range(_MOST):
        prefix = _first_link(inside, path)
        if prefix is None:
            return path
        stat = inside[prefix]
        target = stat.target if stat else ""
        followed = posixpath.join(posixpath.dirname(prefix), target)
        rest = path[len(prefix) :].lstrip("/")
        path = posixpath.normpath("/" + posixpath.join(followed, rest).lstrip("/"))
    return None


def _first_link(inside: Mapping[str, Stat | None], path: str) -> str | None:
    parts = path.strip("/").split("/")
    for end in range(1, len(parts) + 1):
        prefix = "/" + "/".join(parts[:end])
        stat = inside.get(prefix)
        if stat is not None and stat.kind == "link":
            return prefix
    return None


RULE = Rule("MNT024", "symlink-escapes", Severity.ERROR, needs(Source.SELF, Source.ROOT), _look)
