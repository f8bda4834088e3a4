"""MNT008: nothing is at the source of a bind of a container that does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout.diagnosis import Diagnosis, Severity, Skipped, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for container in survey.containers:
        # Of one that runs, the mount tells more: MNT002, MNT003 and MNT004.
        binds = [one for one in container.declared or () if one.kind == "bind"] if not container.running else []
        for one in binds:
            if one.source not in container.host:
                yield Skipped(RULE.id, f"nobody looked whether {one.source} is there", container.name)
            elif container.host[one.source] is None:
                yield Diagnosis(
                    rule=RULE.id,
                    severity=RULE.severity,
                    container=container.name,
                    path=one.destination,
                    message=f"nothing is at {one.source}, which the container mounts at {one.destination}"
                    + (": when it is started, the engine makes an empty directory there" if one.autocreated else ""),
                    remedy=f"create {one.source} before the container is started",
                    evidence=container.error or f"{one.source}: no such file or directory",
                    host_path=one.source,
                )


RULE = Rule("MNT008", "source-missing", Severity.ERROR, needs((Source.API, Source.ROOT)), _look)
