"""The pages of the rules: what each is, how to see it by hand, why it happens, how to fix it (docs/doctor)."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from confkeep.layout.diagnosis import Severity

_HEAD: Final = re.compile(r"# (\S+) (\S+)\n\nSeverity: (\w+).*\n\n## What it is\n\n((?:.+\n)+)")


class Page(NamedTuple):
    """One rule as its page has it. ``severity``: the one by default; ``summary``: the first paragraph, on one line."""

    rule: str
    name: str
    severity: Severity
    summary: str
    text: str


@cache
def pages() -> dict[str, Page]:
    """All of them by their rules' ids, in order. They are part of the package, installed or not."""
    directory = resources.files("confkeep.layout").joinpath("pages")
    found = (_parse(file.read_text("utf-8")) for file in directory.iterdir() if re.match(r"[A-Z]+\d+\.md$", file.name))
    return {page.rule: page for page in sorted(found)}


def name_of(rule: str) -> str:
    """The name of a rule, "" for one that has no page."""
    page = pages().get(rule)
    return "" if page is None else page.name


def _parse(text: str) -> Page:
    head = _HEAD.match(text)
    if head is None:
        raise ValueError(f"not the page of a rule: {text[:80]!r}")
    rule, name, severity, summary = head.groups()
    return Page(rule, name, Severity(severity), " ".join(summary.split()), text)
