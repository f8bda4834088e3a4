"""The syntax of YAML, over the events of libyaml through PyYAML: no object is ever built from a user's document.

Complete for syntax, undefined aliases and duplicate keys at about 12 MB/s; ruamel's round-trip load is 40 times slower.
Unknown tags (``!secret``, ``!include``) are no business of the syntax.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from confkeep.documents.diagnostic import Diagnostic, Position, Range

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, Protocol

    from yaml._yaml import Mark as CMark
    from yaml.error import Mark
    from yaml.events import Event, NodeEvent

    class _EventSource(Protocol):
        def get_event(self) -> Any: ...  # noqa: ANN401 - None at the end, else its type says what it has


# Wheels bring the C parser, CSafeLoader's base; where PyYAML was built without libyaml its own does the same, slower.
_Parser: Final[Callable[[bytes], _EventSource]] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_EVENTS_BETWEEN_LOOKS: Final = 256
#: libyaml's time grows with the square of the nesting (2,000 brackets: a second); real files stay below 30.
MAX_DEPTH: Final = 200


def check(data: bytes, *, seconds: float) -> list[Diagnostic]:
    """Errors and warnings of ``data``; reading stops at the first syntax error. Raises TimeoutError."""
    lines = _Lines(data)
    found: list[Diagnostic] = []
    try:
        _walk(_Parser(data), lines, found, time.thread_time() + seconds)
    except yaml.MarkedYAMLError as error:
        found.append(lines.of_marked(error))
    except yaml.reader.ReaderError as error:
        found.append(lines.at_byte(error.position, error.reason))
    except UnicodeDecodeError as error:
        found.append(lines.at_byte(error.start, f"not valid {error.encoding}: {error.reason}"))
    return found


def _walk(parser: _EventSource, lines: _Lines, found: list[Diagnostic], deadline: float) -> None:  # noqa: C901
    """One loop over all events, without a call for those that need no look: its length buys the speed of every save.

    ``keys`` holds the scalar keys of the innermost mapping, None in a sequence; ``at_key`` is whether a key comes next.
    """
    stack: list[tuple[set[str] | None, bool]] = []
    anchors: set[str] = set()
    keys: set[str] | None = None
    at_key = False
    for count, event in enumerate(iter(parser.get_event, None)):
        kind = event.__class__
        if kind is ScalarEvent or kind is AliasEvent:
            if event.anchor is not None:
                _see_anchor(event, anchors, lines, found)
            if at_key and keys is not None and kind is ScalarEvent:
                if event.value in keys:
                    _see_duplicate(event, lines, found)
                keys.add(event.value)
            at_key = keys is not None and not at_key
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            keys, at_key = stack.pop()
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.anchor is not None:
                anchors.add(event.anchor)
            stack.append((keys, keys is not None and not at_key))
            keys, at_key = (set[str](), True) if kind is MappingStartEvent else (None, False)
            if len(stack) > MAX_DEPTH:
                found.append(lines.of_event(event, "error", "too-deep", f"nested more than {MAX_DEPTH} deep"))
                return
        elif kind is DocumentStartEvent:
            anchors.clear()
        if not count % _EVENTS_BETWEEN_LOOKS and time.thread_time() > deadline:
            raise TimeoutError("the check of the document takes too long")


def _see_anchor(event: NodeEvent, anchors: set[str], lines: _Lines, found: list[Diagnostic]) -> None:
    if event.anchor is None:
        return
    if not isinstance(event, AliasEvent):
        anchors.add(event.anchor)
    elif event.anchor not in anchors:
        found.append(lines.of_event(event, "error", "undefined-alias", f"undefined alias *{event.anchor}"))


def _see_duplicate(event: ScalarEvent, lines: _Lines, found: list[Diagnostic]) -> None:
    if event.value != "<<":  # a merge key may stand more than once
        message = f"duplicate key {event.value!r}: most readers keep only the last one"
        found.append(lines.of_event(event, "warning", "duplicate-key", message))


class _Lines:
    """Turns libyaml's positions into the protocol's."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.lines: list[str] | None = None

    def position(self, line: int, column: int) -> Position:
        if self.lines is None:
            self.lines = self.data.decode("utf-8-sig", "replace").split("\n")
        text = self.lines[line] if line < len(self.lines) else ""
        return Position(line, len(text[:column].encode("utf-16-le")) // 2)

    def of_mark(self, mark: Mark | CMark | None) -> Position:
        return Position(0, 0) if mark is None else self.position(mark.line, mark.column)

    def of_event(self, event: Event, severity: Literal["error", "warning"], code: str, message: str) -> Diagnostic:
        return Diagnostic(severity, code, message, Range(self.of_mark(event.start_mark), self.of_mark(event.end_mark)))

    def of_marked(self, error: yaml.MarkedYAMLError) -> Diagnostic:
        at = self.of_mark(error.problem_mark or error.context_mark)
        message = " ".join(part for part in (error.context, error.problem) if part) or "syntax error"
        return Diagnostic("error", "syntax", message, Range(at, at))

    def at_byte(self, offset: int, message: str) -> Diagnostic:
        line = self.data.count(b"\n", 0, offset)
        start = self.data.rfind(b"\n", 0, offset) + 1
        text = self.data[start:offset].decode("utf-8-sig", "replace")
        at = Position(line, len(text.encode("utf-16-le")) // 2)
        return Diagnostic("error", "encoding", message, Range(at, at))
