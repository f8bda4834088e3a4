"""MNT026: compose has copied an inline config into the container's own layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Severity, Skipped, Source
from confkeep.layout.rules import layer
from confkeep.layout.rules.about import found
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for container in survey.containers:
        if not layer.by_compose(container):
            continue
        if container.layer is None:
            yield Skipped(RULE.id, layer.NOT_READ, container.name)
        for path in sorted(layer.files(survey, container)):
            yield found(
                RULE,
                container,
                path,
                f"{path} is in the container's own layer, where compose copies what `configs:` has as `content:` or"
                " `environment:`: what is saved there is lost when the container is recreated",
                remedy="keep it in a file of the host, and mount that file's directory",
                evidence=f"changed in the container's layer: {path}",
            )


RULE = Rule("MNT026", "inline-config-in-layer", Severity.WARNING, needs(Source.API), _look)
