"""A compose file as nodes that know where in the text they stand, so that a line can be named and edited."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from confkeep.errors import InvalidDocument

_EXCERPT: Final = 200
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*\s+)*")


@dataclass(frozen=True, slots=True)
class Span:
    """From the character ``start`` up to, not including, ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """``quote``: ``'`` or ``"``, "" for a plain one, ``|`` or ``>`` for a block."""

    span: Span
    text: str
    quote: str

    @property
    def is_null(self) -> bool:
        """Whether a reader takes it for nothing (YAML 1.2, section 10.3.2)."""
        return not self.quote and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a sequence; ``span`` is that of the alias where it is one, and else its node's.

    ``before``: in a flow ([…]), where the entry before it ends.
    """

    span: Span
    node: Node
    before: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """``span`` ends behind the last entry, or behind the bracket where it is a ``flow`` ([…])."""

    span: Span
    flow: bool
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """``fields``: its own, then those that ``<<`` merges in. ``first_key``: where its first own key stands."""

    span: Span
    flow: bool
    first_key: Span | None
    fields: dict[str, Node]


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(slots=True)
class Text:
    """The characters of a file; ``name`` is the file as the user named it, ``mark`` its byte order mark or ""."""

    name: str
    characters: str
    mark: str = ""
    _starts: list[int] = field(init=False)

    def __post_init__(self) -> None:
        # Only what an editor calls a line: libyaml's own marks count U+2028 too.
        self._starts = [0, *(end.end() for end in re.finditer(r"\r\n|\r|\n", self.characters))]

    @property
    def line_end(self) -> str:
        """How its lines end."""
        return "\r\n" if "\r\n" in self.characters else "\n"

    def line(self, at: Span) -> int:
        """The number, from 1, of the line in which ``at`` starts."""
        return bisect_right(self._starts, at.start)

    def line_start(self, index: int) -> int:
        """Where the line of this character starts."""
        return self._starts[bisect_right(self._starts, index) - 1]

    def excerpt(self, at: Span) -> str:
        """The first characters of a node, on one line."""
        return " ".join(self.characters[at.start : min(at.end, at.start + _EXCERPT)].split())

    def inner(self, scalar: Scalar) -> Span | None:
        """Where its own characters stand, without anchor, tag and quotes; None where they are not those read."""
        start, end = scalar.span.start, scalar.span.end
        properties = _PROPERTIES.match(self.characters, start, end)
        start = properties.end() if properties else start
        if scalar.quote in {"'", '"'}:
            start, end = start + 1, end - 1
        return Span(start, end) if self.characters[start:end] == scalar.text else None

    def invalid(self, at: Span, reason: str) -> InvalidDocument:
        """What is to be raised where Compose itself would refuse the file."""
        return invalid(self.name, self.line(at), reason)


def invalid(name: str, line: int, reason: str) -> InvalidDocument:
    """The error that names file and line."""
    remedy = "correct the file; `docker compose config` checks all of it"
    return InvalidDocument(f"{name}:{line}: {reason}", remedy=remedy, file=name, line=line)
