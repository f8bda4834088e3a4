"""What checks say as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for code scanning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from confkeep.sarif import artifact, log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.cli.checked import Checked
    from confkeep.documents.diagnostic import Diagnostic, Range
    from confkeep.errors import ConfkeepError

#: Section 3.27.10; what is neither of the two is a note.
_LEVELS: Final = {"error": "error", "warning": "warning"}


def sarif(checked: Sequence[Checked]) -> dict[str, Any]:
    """One run: a result a diagnostic, and a notification for each file that could not be checked."""
    codes = sorted({found.code for one in checked for found in one.diagnostics})
    results = [_result(one.name, found, codes) for one in checked for found in one.diagnostics]
    failed = [_notification(one.name, one.error) for one in checked if one.error]
    rules = [{"id": code} for code in codes]
    return log(rules, results, {"executionSuccessful": not failed, "toolExecutionNotifications": failed})


def _result(name: str, found: Diagnostic, codes: list[str]) -> dict[str, Any]:
    return {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": _LEVELS.get(found.severity, "note"),
        "message": {"text": found.message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact(name), "region": _region(found.range)}}],
    }


def _region(range_: Range) -> dict[str, int]:
    """Lines and columns from one, the end not included (section 3.30.5); columns count as our ranges do."""
    start, end = range_.start, range_.end
    return {
        "startLine": start.line + 1,
        "startColumn": start.character + 1,
        "endLine": end.line + 1,
        "endColumn": end.character + 1,
    }


def _notification(name: str, error: ConfkeepError) -> dict[str, Any]:
    return {
        "level": "error",
        "message": {"text": f"{error.detail}\n{error.remedy}"},
        "locations": [{"physicalLocation": {"artifactLocation": artifact(name)}}],
    }
