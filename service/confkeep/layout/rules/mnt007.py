"""MNT007: a directory was to be mounted onto a file, or a file onto a directory."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.layout.diagnosis import Diagnosis, Severity, Source
from confkeep.layout.rules.rule import Rule, needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.model import Scope
    from confkeep.layout.survey import Survey

#: runc's words, and crun's.
_MISMATCH: Final = re.compile(
    r"mount a directory onto a file|: not a directory(?::|$)|: is a directory(?::|$)", re.IGNORECASE
)
_ENDS: Final = re.compile(r'error mounting "(?P<source>[^"]*)" to rootfs at "(?P<destination>[^"]*)"')


def _look(survey: Survey, _scope: Scope) -> Iterator[Diagnosis]:
    for container in survey.containers:
        if container.running or not _MISMATCH.search(container.error):
            continue
        ends = _ENDS.search(container.error)
        source, destination = (ends["source"], ends["destination"]) if ends else ("the source", "")
        yield Diagnosis(
            rule=RULE.id,
            severity=RULE.severity,
            container=container.name,
            path=destination,
            message=f"the container cannot start: of {source} and {destination or 'the place it is mounted at'} one is"
            " a file and the other a directory",
            remedy=f"make {source} what the image has there: if it is an empty directory that the engine made (MNT006),"
            " remove it and create the file; then start the container",
            evidence=container.error,
            host_path=source if ends else None,
        )


RULE = Rule("MNT007", "type-mismatch", Severity.ERROR, needs(Source.API), _look)
