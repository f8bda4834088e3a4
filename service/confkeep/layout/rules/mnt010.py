"""MNT010: the container's own filesystem is read-only, and a file's directory is on it."""

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
    from confkeep.layout.model import Container, Scope
    from confkeep.layout.survey import Survey

_REMEDY = "mount the directory of the file, writable: `./conf:/config`; `read_only: true` can stay"


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis]:
    for container in survey.containers:
        if not container.contained or not _read_only(container):
            continue
        points = [holding.path for holding in survey.of(container)]
        for holding in survey.of(container):
            if (
                holding.kind == "file"
                and holding.ours_to_judge
                and not holding.read_only
                and _on_root(holding.path, points)
            ):
                yield mounted(
                    RULE,
                    holding,
                    f"{posixpath.dirname(holding.path)} is on the container's read-only filesystem: {holding.path} can"
                    " be written in place, and by no program that makes a temporary file beside it",
                    _REMEDY,
                )
        for path in sorted(scope.paths):
            if not any(mounttable.contains(point, path) for point in points) and not mounttable.engines_own(path):
                evidence = next((m.line for m in container.table or () if m.mount_point == "/"), "ReadonlyRootfs: true")
                message = f"{path} is on the container's read-only filesystem"
                yield found(RULE, container, path, message, remedy=_REMEDY, evidence=evidence)


def _read_only(container: Container) -> bool:
    if container.table is None:
        return bool(container.read_only_root)
    root = mounttable.mount_at(container.table, "/")
    return root is not None and root.read_only


def _on_root(path: str, points: list[str]) -> bool:
    return not any(mounttable.contains(point, posixpath.dirname(path)) for point in points)


RULE = Rule("MNT010", "readonly-rootfs", Severity.WARNING, needs(Source.SELF, Source.PROC, Source.API), _look)
