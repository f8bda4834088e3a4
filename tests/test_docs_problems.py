"""docs/problems.md: every problem, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from confkeep.daemon.openapi.problems import LIBRARY_ONLY, MEMBERS, PROBLEMS

PAGE = Path(__file__).parents[1] / "docs" / "problems.md"
SECTION = re.compile(
    r"^## (?P<slug>\S+)\n\n(?P<status>\d+) · (?P<title>[^·\n]+?)(?P<only> · library and command line only)?\n\n"
    r"(?P<when>(?:[^-#\n].*\n)+)\n- Cause: (?P<cause>.+\n(?:  .+\n)*)- Remedy: (?P<remedy>.+\n(?:  .+\n)*)"
    r"(?:- Members: (?P<members>.+\n(?:  .+\n)*))?",
    re.MULTILINE,
)
FOUND = {section["slug"]: section for section in SECTION.finditer(PAGE.read_text("utf-8"))}


def test_exactly_the_problems_that_exist() -> None:
    """One section each, of the same form: when, cause, remedy; no heading is of anything else."""
    headings = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(FOUND) == sorted(PROBLEMS)


def test_status_and_title_are_those_of_the_answer() -> None:
    """What the page says is what a client gets."""
    said = {slug: (int(section["status"]), section["title"]) for slug, section in FOUND.items()}
    assert said == {slug: (problem.status, problem.title) for slug, problem in PROBLEMS.items()}


def test_members() -> None:
    """Each member beside those that all problems have."""
    said = {slug: re.findall("`(.+?)`", section["members"]) for slug, section in FOUND.items() if section["members"]}
    assert said == {slug: list(members) for slug, members in MEMBERS.items()}


def test_what_no_answer_has_is_marked() -> None:
    """A client of the daemon need not look at these."""
    assert {slug for slug, section in FOUND.items() if section["only"]} == LIBRARY_ONLY
