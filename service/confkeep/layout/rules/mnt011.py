"""MNT011: a file is in the container's own layer, which is thrown away with the container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Severity, Skipped, Source
from confkeep.layout.rules import layer
from confkeep.layout.rules.about import found
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Container, Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for container in survey.containers:
        if not container.contained:
            continue
        changed = set[str]() if layer.by_compose(container) else set(layer.files(survey, container))
        for path in sorted(changed | {path for path in scope.paths if layer.is_in(survey, container, path)}):
            yield found(
                RULE,
                container,
                path,
                f"{path} is in the container's own layer: it survives a restart, and is lost when the container is"
                " recreated",
                remedy="mount its directory from the host or from a named volume",
                evidence=_evidence(container, path),
            )
        if container.layer is None and not scope.paths:
            yield Skipped(RULE.id, layer.NOT_READ, container.name)


def _evidence(container: Container, path: str) -> str:
    mount = mounttable.mount_at(container.table or (), path)
    return mount.line if mount is not None else f"changed in the container's layer: {path}"


RULE = Rule("MNT011", "not-persistent", Severity.ERROR, needs(Source.SELF, Source.PROC), _look)
