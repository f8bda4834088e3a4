from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from confkeep.layout.diagnosis import Report, Severity
from confkeep.layout.report import CLEAN, COULD_NOT_LOOK, FOUND, document, exit_code, ordered
from tests.docs.blocks import blocks_of
from tests.layout.sample import BLIND, EMPTY, OWN, REPORT, SINGLE, STALE

README = Path(__file__).parents[2] / "docs" / "doctor" / "README.md"


def test_worst_first() -> None:
    """Errors, warnings, notes; among equals by container, path and rule."""
    other = replace(STALE, rule="MNT001")
    elsewhere = replace(STALE, container="zoo", path="/a")
    assert ordered(replace(REPORT, findings=(elsewhere, OWN, STALE, SINGLE, other))) == [
        other,
        STALE,
        elsewhere,
        SINGLE,
        OWN,
    ]


@pytest.mark.parametrize(
    ("report", "counting", "code"),
    [
        (REPORT, {Severity.ERROR}, FOUND),
        (replace(REPORT, findings=(SINGLE,)), {Severity.ERROR}, CLEAN),
        (replace(REPORT, findings=(SINGLE,)), {Severity.ERROR, Severity.WARNING}, FOUND),
        (replace(REPORT, findings=(OWN,)), {Severity.ERROR, Severity.WARNING}, CLEAN),
        (REPORT, (), CLEAN),
        (EMPTY, {Severity.ERROR}, CLEAN),
        (BLIND, (), COULD_NOT_LOOK),
        (Report(), {Severity.ERROR}, COULD_NOT_LOOK),
    ],
)
def test_exit_code(report: Report, counting: set[Severity], code: int) -> None:
    """Only what counts is found; a report of nothing that could be looked at is not clean."""
    assert exit_code(report, counting) == code


def test_document_has_everything() -> None:
    """Nothing of a report is lost in JSON, and the names of the rules are in it."""
    made = json.loads(json.dumps(document(REPORT)))
    assert [found["rule"] for found in made["findings"]] == ["MNT002", "MNT001", "MNT009"]
    assert made["findings"][1] == {
        "rule": "MNT001",
        "name": "single-file-bind",
        "severity": "warning",
        "container": "app",
        "path": "/config/a.yaml",
        "host_path": "/srv/app/a.yaml",
        "message": SINGLE.message,
        "remedy": SINGLE.remedy,
        "evidence": SINGLE.evidence,
        "location": {"file": "compose.yaml", "line": 5},
        "patch": SINGLE.patch,
    }
    assert made["findings"][2]["location"] is None
    assert made["sources"] == {"self": "ok", "api": "permission denied on /run/docker.sock"}
    assert made["skipped"][2] == {
        "rule": "MNT019",
        "name": "uid-mismatch",
        "reason": "uid 1000 may not look into it",
        "what": "app",
    }
    assert (made["skipped"][-1]["rule"], made["skipped"][-1]["name"]) == ("", "")


def test_document_is_the_one_that_the_page_shows() -> None:
    """Exactly the members of docs/doctor/README.md, of the same kinds, in the same order."""
    block, _ = (block for block in blocks_of(README) if block.language == "json")
    shown = json.loads(block.text)
    made = document(REPORT)
    assert list(shown) == list(made)
    assert shown["version"] == made["version"]
    assert list(shown["findings"][0]) == list(made["findings"][1])
    assert list(map(type, shown["findings"][0].values())) == list(map(type, made["findings"][1].values()))
    assert list(shown["skipped"][0]) == list(made["skipped"][0])
