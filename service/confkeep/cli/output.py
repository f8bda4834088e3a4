"""How commands talk: a few lines for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from confkeep.errors import ConfkeepError


def plain(text: str) -> str:
    """``text`` on one line and without control characters: names and messages are other people's."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def write_bytes(data: bytes) -> None:
    """All of ``data`` to standard output; a raw stream (PYTHONUNBUFFERED) may take only a part at a time."""
    view = memoryview(data)
    while view:
        view = view[sys.stdout.buffer.write(view) :]


def print_json(document: object) -> None:
    """One document, indented."""
    json.dump(document, sys.stdout, indent=2, ensure_ascii=False, default=str)
    print()


def print_error(error: ConfkeepError, *, as_json: bool) -> None:
    """What happened, and what to do about it."""
    if as_json:
        print_json({"slug": error.slug, "detail": error.detail, "remedy": error.remedy, **error.members})
        return
    print(f"confkeep: {plain(error.detail)}", file=sys.stderr)
    if error.members.get("evidence"):
        print(f"  seen:   {plain(str(error.members['evidence']))}", file=sys.stderr)
    if error.members.get("etag"):
        print(f"  etag:   {error.members['etag']}", file=sys.stderr)
    if error.remedy:
        print(f"  remedy: {plain(error.remedy)}", file=sys.stderr)


def print_fields(fields: dict[str, Any]) -> None:
    """One line a field; what is None or empty is left out."""
    width = max(len(name) for name in fields)
    for name, value in fields.items():
        if value is not None and value != "":
            print(f"{name:<{width}}  {plain(str(value))}")


def guarantees_line(guarantees: dict[str, bool]) -> str:
    """The guarantees that hold, and those that do not."""
    return ", ".join(
        name.replace("_", "-") if holds else f"NOT {name.replace('_', '-')}" for name, holds in guarantees.items()
    )


def findings_lines(findings: list[dict[str, Any]]) -> list[str]:
    """One line a finding."""
    return [f"{item['severity']}: {item['rule']}: {item['message']}; {item['remedy']}" for item in findings]
