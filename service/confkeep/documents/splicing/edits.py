"""Replacements of parts of a text, applied at once."""

from __future__ import annotations

from typing import NamedTuple

from confkeep.errors import NotRepresentable


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``new``. Of those at one place the one with the lowest ``rank`` comes first."""

    start: int
    end: int
    rank: int
    new: str


def apply(text: str, edits: list[Edit]) -> str:
    """``text`` with all ``edits`` done. Raises NotRepresentable where two overlap."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit[:3]):  # stable: of equals, the first one given comes first
        if edit.start < at:
            raise NotRepresentable("the changes overlap: one is inside of what another one replaces or removes")
        parts += (text[at : edit.start], edit.new)
        at = edit.end
    parts.append(text[at:])
    return "".join(parts)
