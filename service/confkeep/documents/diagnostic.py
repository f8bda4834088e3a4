"""What a check says of a document, in the shape of the Language Server Protocol (3.17, "Diagnostic")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "information", "hint"]


@dataclass(frozen=True, slots=True)
class Position:
    """Zero-based line and character; characters count UTF-16 code units, the protocol's default."""

    line: int
    character: int


@dataclass(frozen=True, slots=True)
class Range:
    """From ``start`` up to, not including, ``end``."""

    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """``code`` is stable; an ``error`` makes the document invalid, nothing else does."""

    severity: Severity
    code: str
    message: str
    range: Range
    source: str = "confkeep"


def in_order(found: list[Diagnostic]) -> list[Diagnostic]:
    """As they stand in the document; what is found at one place stays in the order in which it was found."""
    return sorted(found, key=lambda one: (one.range.start.line, one.range.start.character))
