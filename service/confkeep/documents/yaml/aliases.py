"""Aliases: that each has its anchor, and that following them all does not grow beyond measure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from confkeep.documents.yaml.parser import EVENTS_BETWEEN_LOOKS, MAX_DEPTH
from confkeep.documents.yaml.walk import TOO_DEEP

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.documents.lines import Lines
    from confkeep.documents.yaml.parser import Source

#: What all aliases of a document may stand for together: nodes, and characters of scalars ("billion laughs").
MAX_EXPANDED_NODES: Final = 1_000_000
MAX_EXPANDED_CHARACTERS: Final = 64 << 20
_MOST_UNDEFINED: Final = 100
# An alias follows nothing, white space of any alphabet, or one of , : [ { - never another visible ASCII character.
# (The asterisk comes first in the expression: that is what makes the search fast.)
_MAYBE_ALIAS: Final = re.compile(rb"\*(?<![!-+\-./0-9;-Z\\\]^-z|}~]\*)[^\s*]")


def may_have(data: bytes) -> bool:
    """Whether there may be an alias in ``data`` (UTF-8)."""
    return b"*" in data and _MAYBE_ALIAS.search(data) is not None


def look(parser: Source, lines: Lines, deadline: Deadline, found: list[Diagnostic]) -> None:  # noqa: C901
    """Add the errors to ``found``: undefined aliases, too much expansion, too deep nesting (both end the look).

    An alias of a collection that is still open (``&a [*a]``) counts as one node: readers that allow it do not copy.
    Raises what the parser does, TimeoutError.
    """
    counts = _Counts()
    undefined = 0
    next_event = parser.get_event
    while True:
        deadline.look()
        for _ in range(EVENTS_BETWEEN_LOOKS):
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                counts.scalar(event)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                counts.close()
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if counts.open(event.anchor) > MAX_DEPTH:
                    found.append(_at(lines, event, "too-deep", TOO_DEEP))
                    return
            elif kind is AliasEvent:
                if event.anchor not in counts.sizes:
                    undefined += 1
                    if undefined <= _MOST_UNDEFINED:
                        found.append(_at(lines, event, "undefined-alias", _undefined(event.anchor)))
                elif counts.alias(event.anchor):
                    found.append(_at(lines, event, "alias-expansion", _TOO_MUCH))
                    return
            elif kind is DocumentStartEvent:
                counts = _Counts()
            elif event is None:
                return


class _Counts:
    """Of one document: ``sizes`` are nodes and characters below each anchor, with aliases followed."""

    def __init__(self) -> None:
        self.sizes: dict[str, tuple[int, int]] = {}
        self._stack: list[tuple[str | None, int, int]] = []
        self._nodes = 0
        self._characters = 0
        self._expanded = [0, 0]

    def scalar(self, event: Any) -> None:  # noqa: ANN401 - a ScalarEvent
        self._nodes += 1
        self._characters += len(event.value)
        if event.anchor is not None:
            self.sizes[event.anchor] = (1, len(event.value))

    def open(self, anchor: str | None) -> int:
        """The depth that is reached."""
        self._stack.append((anchor, self._nodes, self._characters))
        self._nodes, self._characters = 1, 0
        if anchor is not None:
            self.sizes[anchor] = (1, 0)
        return len(self._stack)

    def close(self) -> None:
        anchor, nodes, characters = self._stack.pop()
        if anchor is not None:
            self.sizes[anchor] = (self._nodes, self._characters)
        self._nodes += nodes
        self._characters += characters

    def alias(self, anchor: str) -> bool:
        """Whether that is too much."""
        nodes, characters = self.sizes[anchor]
        self._nodes += nodes
        self._characters += characters
        self._expanded[0] += nodes
        self._expanded[1] += characters
        return self._expanded[0] > MAX_EXPANDED_NODES or self._expanded[1] > MAX_EXPANDED_CHARACTERS


_TOO_MUCH: Final = (
    f"the aliases stand for more than {MAX_EXPANDED_NODES:,} nodes or {MAX_EXPANDED_CHARACTERS >> 20} MB:"
    " no reader could load that; write out what is meant"
)


def _undefined(anchor: str) -> str:
    return (
        f"undefined alias *{anchor}: nothing before it has the anchor &{anchor}; if it is text, put it between quotes"
    )


def _at(lines: Lines, event: Any, code: str, message: str) -> Diagnostic:  # noqa: ANN401 - an event
    return lines.error(code, message, event.start_mark.index, event.end_mark.index)
