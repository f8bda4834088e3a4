"""How commands talk: a few lines for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkeep.errors import ConfkeepError


def print_json(document: object) -> None:
    """One document, indented."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, default=str)
    print()


def print_error(error: ConfkeepError, *, as_json: bool) -> None:
    """What happened, and what to do about it."""
    if as_json:
        print_json({"slug": error.slug, "detail": error.detail, "remedy": error.remedy, **error.members})
        return
    print(f"confkeep: {error.detail}", file=sys.stderr)
    if error.members.get("evidence"):
        print(f"  seen:   {error.members['evidence']}", file=sys.stderr)
    if error.members.get("etag"):
        print(f"  etag:   {error.members['etag']}", file=sys.stderr)
    if error.remedy:
        print(f"  remedy: {error.remedy}", file=sys.stderr)


def print_fields(fields: dict[str, Any]) -> None:
    """One line a field; what is None or empty is left out."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None and value != "":
            print(f"{name:<{width}}  {value}")


def guarantees_line(guarantees: dict[str, bool]) -> str:
    """The guarantees that hold, and those that do not."""
    return ", ".join(
        name.replace("_", "-") if holds else f"NOT {name.replace('_', '-')}" for name, holds in guarantees.items()
    )


def findings_lines(findings: list[dict[str, Any]]) -> list[str]:
    """One line a finding."""
    return [f"{item['severity']}: {item['rule']}: {item['message']}; {item['remedy']}" for item in findings]
