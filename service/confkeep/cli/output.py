"""How commands talk: a few lines for people, one JSON document for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TextIO

    from confkeep.errors import ConfkeepError


def plain(text: str) -> str:
    """``text`` on one line and without control characters: names and messages are other people's."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def visible(line: str) -> str:
    """A line of a text or of a patch: it keeps its tabs, and the carriage return of a file that has them."""
    body = line.removesuffix("\r")
    return "\t".join(map(plain, body.split("\t"))) + line[len(body) :]


def content_members(data: bytes) -> dict[str, str]:
    """The bytes for a JSON document: as text where they are UTF-8."""
    try:
        return {"content": data.decode("utf-8")}
    except UnicodeDecodeError:
        import base64

        return {"content_base64": base64.b64encode(data).decode("ascii")}


def write_bytes(data: bytes, stream: TextIO | None = None) -> None:
    """All of ``data`` (to standard output); a raw stream (PYTHONUNBUFFERED) may take only a part at a time."""
    raw = (stream or sys.stdout).buffer
    view = memoryview(data)
    while view:
        view = view[raw.write(view) :]


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
