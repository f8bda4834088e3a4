"""Reading documents that others wrote: what is not of the kind that is wanted counts as absent, and never raises."""

from __future__ import annotations

from typing import Any, cast


def mapping(value: object) -> dict[str, Any]:
    """An object of JSON, empty for anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def mappings(value: object) -> list[dict[str, Any]]:
    """Those members of an array that are objects."""
    members = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", member) for member in members if isinstance(member, dict)]


def strings(value: object) -> list[str]:
    """Those members of an array that are text."""
    members = cast("list[object]", value) if isinstance(value, list) else []
    return [member for member in members if isinstance(member, str)]


def text(value: object) -> str:
    """Text, empty for anything else."""
    return value if isinstance(value, str) else ""
