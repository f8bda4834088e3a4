"""MNT016: the empty file that an engine made as a mount point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable
from confkeep.layout.diagnosis import Diagnosis, Severity, Skipped, Source
from confkeep.layout.rules.mnt015 import parent
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

#: What runc makes where there is nothing to mount a file onto.
_MODE: Final = 0o755


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        outer = parent(survey, holding)
        if outer is None or outer.host_path is None or holding.kind == "directory" or not holding.ours_to_judge:
            continue
        path = mounttable.join(outer.host_path, mounttable.relative_to(holding.path, outer.path))
        container = holding.container
        if path not in container.host:
            yield Skipped(RULE.id, f"nobody looked at {path}", container.name)
            continue
        below = container.host[path]
        if below is not None and below.kind == "file" and below.size == 0 and below.mode & 0o7777 == _MODE:
            yield Diagnosis(
                rule=RULE.id,
                severity=RULE.severity,
                container=container.name,
                path=holding.path,
                message=f"{path} is an empty file that the engine made as the mount point of {holding.path}: it is no"
                " configuration, and whoever mounts the directory alone reads an empty file",
                remedy=f"un-nest the mounts (MNT015), restart the container, and only then delete {path}",
                evidence=f"{path}: 0 bytes, mode {below.mode & 0o7777:o}, owner {below.uid}:{below.gid}",
                host_path=path,
            )


RULE = Rule(
    "MNT016", "placeholder-left", Severity.NOTE, needs((Source.PROC, Source.ROOT), (Source.API, Source.ROOT)), _look
)
