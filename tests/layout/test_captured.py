"""The doctor over every captured layout: exactly what the fixtures' README says, no more and no fewer."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from confkeep.layout.doctor import diagnose
from confkeep.layout.replay import replay

LAYOUTS: Final = Path(__file__).parents[1] / "fixtures" / "mount-layouts"
_ROW: Final = re.compile(r"^\| (?P<folder>\d\d[^ ]*) \| .* \| (?P<findings>[^|]*) \|$")
_FINDING: Final = re.compile(r"(?P<rule>[A-Z]{3}\d{3})(?: x(?P<times>\d))?")


def _expected() -> dict[str, Counter[str]]:
    """The README's table."""
    rows = (_ROW.match(line) for line in (LAYOUTS / "README.md").read_text(encoding="utf-8").splitlines())
    return {
        row["folder"]: Counter(
            {found["rule"]: int(found["times"] or 1) for found in _FINDING.finditer(row["findings"])}
        )
        for row in rows
        if row
    }


EXPECTED: Final = _expected()


def test_the_table_names_every_folder() -> None:
    """Nothing that was captured is left out."""
    folders = {str(file.parent.relative_to(LAYOUTS)) for file in LAYOUTS.rglob("inspect*.json")}
    assert EXPECTED.keys() == folders


@pytest.mark.parametrize("folder", EXPECTED)
def test_exactly_the_expected_findings(folder: str) -> None:
    """Of each captured layout."""
    report = diagnose(replay(str(LAYOUTS / folder)))
    assert Counter(one.rule for one in report.findings) == EXPECTED[folder]


@pytest.mark.parametrize("folder", EXPECTED)
def test_every_finding_names_the_thing_and_the_remedy(folder: str) -> None:
    """Container, path, reason, evidence; a line of mountinfo is the very line that was captured."""
    lines = {line for file in (LAYOUTS / folder).glob("mountinfo.hostview*") for line in file.read_text().splitlines()}
    for one in diagnose(replay(str(LAYOUTS / folder))).findings:
        assert all((one.container, one.path, one.message, one.remedy, one.evidence)), one
        assert " - " not in one.evidence or one.evidence in lines, one


def test_the_table_reaches_most_rules() -> None:
    """Were a rule to find nothing at all any more, its row would tell."""
    found = {rule for row in EXPECTED.values() for rule in row}
    numbers = set(range(1, 28)) - {21}  # SELinux was nowhere to be had
    assert found == {f"MNT{number:03}" for number in numbers}
