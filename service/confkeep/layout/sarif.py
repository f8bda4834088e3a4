"""A report as SARIF 2.1.0 (OASIS, Static Analysis Results Interchange Format), for editors and code scanning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkeep.layout.explain import pages
from confkeep.layout.model import OK
from confkeep.layout.report import ordered
from confkeep.layout.table import place_of
from confkeep.sarif import artifact, log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.layout.diagnosis import Diagnosis, Location, Report, Skipped
    from confkeep.layout.explain import Page


def sarif(report: Report) -> dict[str, Any]:
    """One run with all rules, findings as results, and what could not be looked at as notifications."""
    rules = list(pages().values())
    numbers = {page.rule: number for number, page in enumerate(rules)}
    notifications = [*_of_sources(report), *(_of_skipped(skipped, numbers) for skipped in report.skipped)]
    invocation = {
        "executionSuccessful": OK in report.sources.values(),
        "toolExecutionNotifications": notifications,
    }
    results = [_result(found, numbers) for found in ordered(report)]
    return log([_rule(page) for page in rules], results, invocation)


def _rule(page: Page) -> dict[str, Any]:
    return {
        "id": page.rule,
        "name": page.name,
        "shortDescription": {"text": page.summary},
        "help": {"text": page.text, "markdown": page.text},
        "defaultConfiguration": {"level": page.severity.value},
    }


def _result(found: Diagnosis, numbers: dict[str, int]) -> dict[str, Any]:
    return {
        **_reference(found.rule, numbers, "ruleId", "ruleIndex"),
        "level": found.severity.value,
        "message": {"text": f"{found.message}\n{found.remedy}"},
        "locations": [_location(found)],
        "properties": {
            "container": found.container,
            "path": found.path,
            "hostPath": found.host_path,
            "remedy": found.remedy,
            "evidence": found.evidence,
            "patch": found.patch,
        },
    }


def _location(found: Diagnosis) -> dict[str, Any]:
    logical = {"logicalLocations": [{"fullyQualifiedName": place_of(found), "kind": "resource"}]}
    return logical if found.location is None else logical | {"physicalLocation": _physical(found.location)}


def _physical(location: Location) -> dict[str, Any]:
    return {"artifactLocation": artifact(location.file), "region": {"startLine": location.line}}


def _of_sources(report: Report) -> Iterator[dict[str, Any]]:
    for source, state in report.sources.items():
        if state != OK:
            yield {"level": "note", "message": {"text": f"source {source.value} could not be used: {state}"}}


def _of_skipped(skipped: Skipped, numbers: dict[str, int]) -> dict[str, Any]:
    about = f"{skipped.what}: " if skipped.what else ""
    notification: dict[str, Any] = {"level": "note", "message": {"text": f"not looked at: {about}{skipped.reason}"}}
    if skipped.rule:
        notification["associatedRule"] = _reference(skipped.rule, numbers, "id", "index")
    return notification


def _reference(rule: str, numbers: dict[str, int], id_: str, index: str) -> dict[str, Any]:
    return {id_: rule, index: numbers[rule]} if rule in numbers else {id_: rule}
