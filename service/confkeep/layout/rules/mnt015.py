"""MNT015: a mount inside another mount."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Severity, Source
from confkeep.layout.rules.about import found, mounted
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Container, Scope
    from confkeep.layout.survey import Survey

_REMEDY = "mount it at a place of its own, or put it into the directory that is mounted"


def parent(survey: Survey, holding: Holding) -> Holding | None:
    """The mount that this one's mount point lies in, None where that is the container's own filesystem or tmpfs."""
    around = (other for other in survey.of(holding.container) if mounttable.is_below(holding.path, other.path))
    nearest = max(around, key=lambda other: len(other.path), default=None)
    # Nobody but the container reaches into its tmpfs.
    own = nearest is not None and nearest.mount is not None and nearest.mount.fs_type in mounttable.IN_MEMORY
    return None if own else nearest


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        outer = parent(survey, holding)
        if outer is not None and holding.ours_to_judge:
            yield mounted(
                RULE,
                holding,
                f"{holding.path} is mounted inside {outer.path}: whoever deletes or replaces"
                f" {posixpath.basename(holding.path)} in the outer one unmounts it here without a word",
                _REMEDY,
            )
    for container in survey.containers:
        yield from _not_started(container)


def _not_started(container: Container) -> Iterator[Diagnosis]:
    """The engine needs a mount point, and cannot make one where the outer mount is read-only."""
    if container.running or "read-only file system" not in container.error:
        return
    for inner in container.declared or ():
        for outer in container.declared or ():
            if outer.read_only and mounttable.is_below(inner.destination, outer.destination):
                yield found(
                    RULE,
                    container,
                    inner.destination,
                    f"the container cannot start: {inner.destination} is to be mounted inside {outer.destination},"
                    " which is read-only, and has no mount point there",
                    remedy=f"{_REMEDY}; or create {posixpath.basename(inner.destination)} in {outer.source}",
                    evidence=container.error,
                )


RULE = Rule("MNT015", "nested-mount", Severity.WARNING, needs(Source.SELF, Source.PROC, Source.API), _look)
