"""MNT019: the container's process may not write what is mounted for it to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.layout import mounttable, names
from confkeep.layout.diagnosis import Diagnosis, Severity, Skipped, Source
from confkeep.layout.model import CAP_DAC_OVERRIDE
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Container, Credentials, Scope, Stat
    from confkeep.layout.survey import Survey


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis | Skipped]:
    for holding in survey.holdings:
        who = holding.container.credentials
        if holding.read_only or not holding.ours_to_judge or holding.kind not in {"file", "directory"}:
            continue
        if who is None:
            yield Skipped(
                RULE.id, "as whom its process writes is said by a name, not by a number", holding.container.name
            )
            continue
        for path, stat in _below(survey, holding):
            if not _may_write(holding.container, who, stat):
                yield _finding(holding, who, path, stat)
                break


def _below(survey: Survey, holding: Holding) -> Iterator[tuple[str, Stat]]:
    """What of this mount somebody has looked at: itself first, then configuration files in it."""
    inner = [other.path for other in survey.of(holding.container) if mounttable.is_below(other.path, holding.path)]
    for path, stat in sorted(holding.container.inside.items()):
        if (
            stat is None
            or stat.kind not in {"file", "directory"}
            or any(mounttable.contains(one, path) for one in inner)
        ):
            continue
        if path == holding.path or (
            stat.kind == "file" and names.of_a_file(path) and mounttable.is_below(path, holding.path)
        ):
            yield path, stat


def _may_write(container: Container, who: Credentials, stat: Stat) -> bool:
    """As path_resolution(7) has it. Owners that its user namespace does not know are MNT020's."""
    mapped = container.uid_map is None or any(0 <= stat.uid - one.outside < one.size for one in container.uid_map)
    if not mapped or who.capabilities >> CAP_DAC_OVERRIDE & 1:
        return True
    wanted = 0o3 if stat.kind == "directory" else 0o2
    if stat.uid == who.uid:
        return stat.mode >> 6 & wanted == wanted
    if stat.gid == who.gid or stat.gid in who.groups:
        return stat.mode >> 3 & wanted == wanted
    return stat.mode & wanted == wanted


def _finding(holding: Holding, who: Credentials, path: str, stat: Stat) -> Diagnosis:
    what = "create nothing in" if stat.kind == "directory" else "not write"
    return Diagnosis(
        rule=RULE.id,
        severity=RULE.severity,
        container=holding.container.name,
        path=holding.path,
        message=f"the container's process runs as {who.uid}:{who.gid} and may {what} {path}, which belongs to"
        f" {stat.uid}:{stat.gid}",
        remedy=f'`user: "{stat.uid}:{stat.gid}"` in compose, or `chown {who.uid}:{who.gid}` of it on the host',
        evidence=f"{path}: mode {stat.mode & 0o7777:o}, owner {stat.uid}:{stat.gid}; process {who.uid}:{who.gid}",
        host_path=holding.host_path,
    )


RULE = Rule(
    "MNT019", "uid-mismatch", Severity.ERROR, needs((Source.PROC, Source.ROOT), (Source.API, Source.ROOT)), _look
)
