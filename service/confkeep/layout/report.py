"""What a report comes to: its order, its exit code, and one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confkeep.layout.diagnosis import Severity
from confkeep.layout.explain import name_of
from confkeep.layout.model import OK

if TYPE_CHECKING:
    from collections.abc import Collection

    from confkeep.layout.diagnosis import Diagnosis, Report, Skipped

#: Of the document below. It only changes with a meaning: members that are added do not count.
VERSION: Final = 1
CLEAN: Final = 0
FOUND: Final = 1
COULD_NOT_LOOK: Final = 3
_WORST_FIRST: Final = {severity: rank for rank, severity in enumerate(Severity)}


def ordered(report: Report) -> list[Diagnosis]:
    """The findings, worst first; then by container, path and rule."""
    return sorted(
        report.findings, key=lambda found: (_WORST_FIRST[found.severity], found.container, found.path, found.rule)
    )


def exit_code(report: Report, counting: Collection[Severity]) -> int:
    """FOUND if a finding has one of these severities, COULD_NOT_LOOK if no source could be used, else CLEAN."""
    if OK not in report.sources.values():
        return COULD_NOT_LOOK
    return FOUND if any(found.severity in counting for found in report.findings) else CLEAN


def document(report: Report) -> dict[str, Any]:
    """The report for programs. docs/doctor/README.md lists the members."""
    return {
        "version": VERSION,
        "findings": [_finding(found) for found in ordered(report)],
        "skipped": [_skipped(skipped) for skipped in report.skipped],
        "sources": {source.value: state for source, state in report.sources.items()},
    }


def _finding(found: Diagnosis) -> dict[str, Any]:
    location = found.location
    return {
        "rule": found.rule,
        "name": name_of(found.rule),
        "severity": found.severity.value,
        "container": found.container,
        "path": found.path,
        "host_path": found.host_path,
        "message": found.message,
        "remedy": found.remedy,
        "evidence": found.evidence,
        "location": None if location is None else {"file": location.file, "line": location.line},
        "patch": found.patch,
    }


def _skipped(skipped: Skipped) -> dict[str, str]:
    return {"rule": skipped.rule, "name": name_of(skipped.rule), "reason": skipped.reason, "what": skipped.what}
