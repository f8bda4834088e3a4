"""The syntax of YAML by libyaml, through PyYAML: no object is ever built from a user's document.

The plain check is libyaml's own pass, 80 MB/s. The strict one looks at each event, 12 MB/s, and finds duplicate keys
too; ruamel's round-trip load is 40 times slower.
Unknown tags (``!secret``, ``!include``) are no business of the syntax.
"""

from __future__ import annotations

import codecs
import re
import time
from bisect import bisect_right
from functools import cached_property
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
    from typing import Protocol

    from yaml._yaml import Mark as CMark
    from yaml.error import Mark
    from yaml.events import Event

    class _Source(Protocol):
        def get_event(self) -> Any: ...  # noqa: ANN401 - None at the end, else its type says what it has


# Wheels bring the C parser, CSafeLoader's base; where PyYAML was built without libyaml its own does the same, slower.
_Parser: Final[Callable[[bytes], _Source]] = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_EVENTS_BETWEEN_LOOKS: Final = 256
#: libyaml's time grows with the square of the nesting (2,000 brackets: a second); real files stay below 30.
MAX_DEPTH: Final = 200
#: And with the square of the directives, all of them before the first event (20,000: a second).
MAX_DIRECTIVES: Final = 100
_MAX_DUPLICATES: Final = 100
_DIRECTIVES: Final = tuple("%TAG".encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be"))
_LARGEST_PLAIN: Final = 1 << 20
_MOST_NESTED_BYTES: Final = 20_000_000
_UTF_16: Final = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
# An alias follows nothing, white space of any alphabet, or one of , : [ { - never another visible ASCII character.
_MAYBE_ALIAS: Final = re.compile(rb"(?<![!-+\-./0-9;-Z\\\]^-z|}~])\*[^\s*]")
_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")


def check(data: bytes, *, strict: bool, seconds: float) -> list[Diagnostic]:
    """What is wrong with ``data``; reading stops at the first syntax error. Raises TimeoutError.

    Syntax and undefined aliases always; duplicate keys when ``strict``.
    """
    lines = _Lines(data)
    found: list[Diagnostic] = []
    if any(data.count(directive) > MAX_DIRECTIVES for directive in _DIRECTIVES):
        return [lines.at_byte(0, f"more than {MAX_DIRECTIVES} %TAG directives", "too-many-directives")]
    try:
        if strict or not _is_plain(data):
            _walk(_Parser(data), lines, found, strict=strict, deadline=time.thread_time() + seconds)
        else:
            yaml.CSafeLoader(data).raw_parse()  # the whole document, and no object of any event
    except yaml.MarkedYAMLError as error:
        found.append(lines.of_marked(error))
    except yaml.reader.ReaderError as error:
        found.append(lines.at_byte(error.position, error.reason))
    except UnicodeDecodeError as error:
        found.append(lines.at_byte(error.start, f"not valid {error.encoding}: {error.reason}"))
    return found


def _is_plain(data: bytes) -> bool:
    """Whether libyaml alone can tell: nothing that may be an alias, and no nesting that could take it over 50 ms.

    It cannot be interrupted, and its time grows with size times nesting (1 MB in 1,000 brackets: 2.3 s).
    """
    if not yaml.__with_libyaml__ or len(data) > _LARGEST_PLAIN or data[:2] in _UTF_16:
        return False
    nesting = data.count(b"[") + data.count(b"{")
    return nesting * len(data) < _MOST_NESTED_BYTES and (b"*" not in data or _MAYBE_ALIAS.search(data) is None)


def _walk(  # noqa: C901, PLR0912
    parser: _Source, lines: _Lines, found: list[Diagnostic], *, strict: bool, deadline: float
) -> None:
    """One loop over all events, without a call for those that need no look: its length buys the speed of every save.

    ``keys`` holds the scalar keys of the innermost mapping, None in a sequence, where ``at_key`` means nothing;
    otherwise it is whether a key comes next.
    """
    stack: list[tuple[set[str] | None, bool]] = []
    anchors: set[str] = set()
    keys: set[str] | None = None
    at_key = False
    left = _EVENTS_BETWEEN_LOOKS
    next_event = parser.get_event
    while (event := next_event()) is not None:
        kind = event.__class__
        if kind is ScalarEvent:
            if event.anchor is not None:
                anchors.add(event.anchor)
            if keys is not None:
                if at_key and strict:
                    if event.value in keys:
                        _see_duplicate(event, lines, found)
                    keys.add(event.value)
                at_key = not at_key
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            keys, at_key = stack.pop()
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if event.anchor is not None:
                anchors.add(event.anchor)
            stack.append((keys, not at_key))
            keys, at_key = (set[str](), True) if kind is MappingStartEvent else (None, False)
            if len(stack) > MAX_DEPTH:
                found.append(lines.of_event(event, "too-deep", f"nested more than {MAX_DEPTH} deep"))
                return
        elif kind is AliasEvent:
            _see_alias(event, anchors, lines, found)
            at_key = not at_key
        elif kind is DocumentStartEvent:
            anchors.clear()
        left -= 1
        if not left:
            left = _EVENTS_BETWEEN_LOOKS
            _stop_at(deadline)
    _stop_at(deadline)


def _stop_at(deadline: float) -> None:
    if time.thread_time() > deadline:
        raise TimeoutError("the check of the document takes too long")


def _see_alias(event: AliasEvent, anchors: set[str], lines: _Lines, found: list[Diagnostic]) -> None:
    if event.anchor not in anchors:
        found.append(lines.of_event(event, "undefined-alias", f"undefined alias *{event.anchor}"))


def _see_duplicate(event: ScalarEvent, lines: _Lines, found: list[Diagnostic]) -> None:
    if event.value != "<<" and len(found) < _MAX_DUPLICATES:  # a merge key may stand more than once
        message = f"duplicate key {event.value!r}: most readers keep only the last one"
        found.append(lines.of_event(event, "duplicate-key", message))


class _Lines:
    """Turns libyaml's positions into the protocol's: it counts lines that no editor does (U+2028), so we count ours."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.codec = "utf-16" if data[:2] in _UTF_16 else "utf-8-sig"

    @cached_property
    def text(self) -> str:
        return self.data.decode(self.codec, "replace")

    @cached_property
    def starts(self) -> list[int]:
        return [0, *(end.end() for end in _END_OF_LINE.finditer(self.text))]

    def position(self, index: int) -> Position:
        """``index`` counts characters, without a byte order mark."""
        line = bisect_right(self.starts, index) - 1
        return Position(line, len(self.text[self.starts[line] : index].encode("utf-16-le", "surrogatepass")) // 2)

    def of_mark(self, mark: Mark | CMark | None) -> Position:
        return Position(0, 0) if mark is None else self.position(mark.index)

    def of_event(self, event: Event, code: str, message: str) -> Diagnostic:
        return Diagnostic("error", code, message, Range(self.of_mark(event.start_mark), self.of_mark(event.end_mark)))

    def of_marked(self, error: yaml.MarkedYAMLError) -> Diagnostic:
        at = self.of_mark(error.problem_mark or error.context_mark)
        message = " ".join(part for part in (error.context, error.problem) if part) or "syntax error"
        return Diagnostic("error", "syntax", message, Range(at, at))

    def at_byte(self, offset: int, message: str, code: str = "encoding") -> Diagnostic:
        at = self.position(len(self.data[:offset].decode(self.codec, "replace")))
        return Diagnostic("error", code, message, Range(at, at))
