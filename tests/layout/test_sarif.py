from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from confkeep.layout.diagnosis import Diagnosis, Location, Report
from confkeep.layout.explain import pages
from confkeep.layout.sarif import sarif
from tests.layout.sample import BLIND, EMPTY, REPORT, SINGLE

#: The schema of the standard, as SchemaStore has it (npm: @microsoft/jest-sarif).
SCHEMA = json.loads((Path(__file__).parents[1] / "fixtures" / "sarif-2.1.0-rtm.5.json").read_text("utf-8"))
for _with_language in ("run", "toolComponent"):
    # A bracket too many: no regular expression for a strict validator. Runs of ours have no language.
    del SCHEMA["definitions"][_with_language]["properties"]["language"]["pattern"]


def run_of(report: Report) -> dict[str, Any]:
    """The only run, after a look at the schema."""
    made = json.loads(json.dumps(sarif(report)))
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(made)] == []
    (run,) = made["runs"]
    found: dict[str, Any] = run
    return found


def place_of(found: Diagnosis) -> dict[str, Any]:
    """The location of the result that this finding alone makes."""
    (result,) = run_of(replace(REPORT, findings=(found,)))["results"]
    (location,) = result["locations"]
    place: dict[str, Any] = location
    return place


@pytest.mark.parametrize("report", [REPORT, BLIND, EMPTY, Report()])
def test_schema(report: Report) -> None:
    """Every report is valid SARIF 2.1.0."""
    run_of(report)


def test_schema_tells_what_is_wrong() -> None:
    """The schema that the other tests look at does not take everything."""
    made = sarif(REPORT)
    made["runs"][0]["results"][0]["level"] = "fatal"
    assert not jsonschema_rs.validator_for(SCHEMA).is_valid(made)


def test_results() -> None:
    """Worst first, with level, rule and everything that the finding says."""
    run = run_of(REPORT)
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("MNT002", "error"),
        ("MNT001", "warning"),
        ("MNT009", "note"),
    ]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    single = run["results"][1]
    assert single["message"]["text"] == f"{SINGLE.message}\n{SINGLE.remedy}"
    assert single["properties"] == {
        "container": "app",
        "path": "/config/a.yaml",
        "hostPath": "/srv/app/a.yaml",
        "remedy": SINGLE.remedy,
        "evidence": SINGLE.evidence,
        "patch": SINGLE.patch,
    }


def test_rules_are_the_pages() -> None:
    """All rules, found or not, with name, level and the whole page as their help."""
    rules = run_of(EMPTY)["tool"]["driver"]["rules"]
    assert [
        (rule["id"], rule["name"], rule["defaultConfiguration"]["level"], rule["help"]["text"]) for rule in rules
    ] == [(page.rule, page.name, page.severity, page.text) for page in pages().values()]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("compose.yaml", "compose.yaml"),
        ("/srv/my app/compose.yaml", "file:///srv/my%20app/compose.yaml"),
        ("a#b/é.yaml", "a%23b/%C3%A9.yaml"),
        ("\udcff.yaml", "%FF.yaml"),
    ],
)
def test_line_of_the_compose_file(file: str, uri: str) -> None:
    """A finding that is located has file and line; an absolute path is a file URI."""
    place = place_of(replace(SINGLE, location=Location(file, 7)))
    assert place["physicalLocation"] == {"artifactLocation": {"uri": uri}, "region": {"startLine": 7}}
    assert place["logicalLocations"] == [{"fullyQualifiedName": "app:/config/a.yaml", "kind": "resource"}]


def test_without_a_compose_file() -> None:
    """The container and its path are the location."""
    assert list(place_of(replace(SINGLE, location=None))) == ["logicalLocations"]


def test_what_was_not_looked_at() -> None:
    """Each rule that could not look, and each source that could not be used, is a notification with its reason."""
    run = run_of(REPORT)
    (invocation,) = run["invocations"]
    notifications = invocation["toolExecutionNotifications"]
    texts = [notification["message"]["text"] for notification in notifications]
    assert texts[0] == "source api could not be used: permission denied on /run/docker.sock"
    assert texts[3] == "not looked at: app: uid 1000 may not look into it"
    assert [notification.get("associatedRule", {}).get("id", "") for notification in notifications[1:]] == [
        skipped.rule for skipped in REPORT.skipped
    ]
    assert {notification["level"] for notification in notifications} == {"note"}


@pytest.mark.parametrize(("report", "successful"), [(REPORT, True), (EMPTY, True), (BLIND, False), (Report(), False)])
def test_a_run_that_saw_nothing_was_no_success(report: Report, successful: bool) -> None:  # noqa: FBT001 - a column
    """Where nothing could be looked at the run says so."""
    assert run_of(report)["invocations"][0]["executionSuccessful"] is successful


def test_rule_without_a_page() -> None:
    """A finding of a rule that is newer than the pages has no index."""
    (result,) = run_of(replace(REPORT, findings=(replace(SINGLE, rule="MNT999"),)))["results"]
    assert result["ruleId"] == "MNT999"
    assert "ruleIndex" not in result
