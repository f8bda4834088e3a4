"""MNT006: the engine has made a directory where a file was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout import mounttable, names
from confkeep.layout.diagnosis import Diagnosis, Severity, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Container, Scope, Stat
    from confkeep.layout.survey import Survey

_EMPTY: Final = 2  # links of a directory without directories in it (1 on filesystems that do not count them)


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for holding in survey.holdings:
        source = holding.host_path or (mounttable.root_of(holding.mount) if holding.mount is not None else "")
        stat = holding.seen or holding.container.host.get(source)
        bound = holding.declared is None or holding.declared.kind == "bind"
        if (
            stat is not None
            and bound
            and holding.ours_to_judge
            and _was_made(holding.container, holding.path, source, stat)
        ):
            yield _finding(holding.container, holding.path, source, stat)
    for container in survey.containers:
        for one in container.declared or () if not container.running else ():
            stat = container.host.get(one.source)
            if stat is not None and one.kind == "bind" and _was_made(container, one.destination, one.source, stat):
                yield _finding(container, one.destination, one.source, stat)


def _was_made(container: Container, path: str, source: str, stat: Stat) -> bool:
    root = container.uid_map[0].outside if container.uid_map else 0
    empty = stat.nlink <= _EMPTY and not any(mounttable.is_below(seen, path) for seen in container.inside)
    return stat.kind == "directory" and empty and stat.uid in {0, root} and names.of_a_file(source)


def _finding(container: Container, path: str, source: str, stat: Stat) -> Diagnosis:
    return Diagnosis(
        rule=RULE.id,
        severity=RULE.severity,
        container=container.name,
        path=path,
        message=f"{source} is an empty directory with the name of a file: nothing was there when the container was"
        " started, and the engine made it",
        remedy="stop the container, remove the directory, create the file, and start it again; the long syntax with"
        " `bind: {create_host_path: false}` makes a missing source an error",
        evidence=f"{source}: directory, mode {stat.mode & 0o7777:o}, owner {stat.uid}:{stat.gid}",
        host_path=source,
    )


RULE = Rule(
    "MNT006",
    "autocreated-directory",
    Severity.ERROR,
    needs(Source.SELF, (Source.PROC, Source.ROOT), (Source.API, Source.ROOT)),
    _look,
)
