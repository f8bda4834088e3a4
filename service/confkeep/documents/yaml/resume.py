"""More errors of one file: after a syntax error, reading goes on at the next entry of the outermost level.

Careful rather than complete: what only follows from the first error must not be reported.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from confkeep.documents.yaml.explain import Trouble, explain
from confkeep.documents.yaml.parser import EVENTS_BETWEEN_LOOKS, MAX_DEPTH, Parser

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.diagnostic import Diagnostic
    from confkeep.documents.lines import Lines

MOST_ERRORS: Final = 20
_KEY: Final = re.compile(r"(?:\w[^\s#:'\"{}\[\],]*|'[^'\n]*'|\"[^\"\\\n]*\")[ ]*:(?:\s|$)")
_ITEM: Final = re.compile(r"-(?:\s|$)")
_DOCUMENT: Final = re.compile(r"---(?:\s|$)")
# What lacks something that may have been skipped, or what an open quote in it leads to.
_NOT_IN_A_FRAGMENT: Final = ("undefined tag handle", "directive", "unexpected document indicator", "end of stream")


def place_of(error: yaml.MarkedYAMLError) -> int:
    """The offset that the error is at, in what the parser was given."""
    mark = error.problem_mark or error.context_mark
    return 0 if mark is None else mark.index


def of_marked(error: yaml.MarkedYAMLError, lines: Lines, base: int = 0) -> Diagnostic:
    """The error, in words for people; its offsets are counted from ``base``."""
    at = base + place_of(error)
    since = None if error.context_mark is None else base + error.context_mark.index
    trouble = Trouble(error.problem or "", error.context or "", at, since, lines)
    return lines.error("syntax", explain(trouble), at)


def further(lines: Lines, first: int, deadline: Deadline) -> list[Diagnostic]:
    """Errors after the one at offset ``first``, at most MOST_ERRORS with it; none when time is over."""
    found: list[Diagnostic] = []
    resumption = _Resumption(lines)
    try:
        start = resumption.after(lines.number(first))
        while start is not None and len(found) < MOST_ERRORS - 1:
            error = _error_in(lines.text[start:], deadline)
            if error is None or _is_doubtful(error):
                break
            found.append(of_marked(error, lines, start))
            start = resumption.after(lines.number(start + place_of(error)))
    except TimeoutError:
        pass  # the first error is enough to refuse the document
    return found


class _Resumption:
    """Where reading may go on: at entries of the kind that the document's outermost collection has."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def after(self, number: int) -> int | None:
        """The offset of the next such line behind line ``number``."""
        kind = self._kind(number)
        for following in range(number + 1, len(self._lines.starts)):
            start = self._lines.starts[following]
            if _DOCUMENT.match(self._lines.text, start) or (kind is not None and kind.match(self._lines.text, start)):
                return start
        return None

    def _kind(self, number: int) -> re.Pattern[str] | None:
        """By the first entry of the document that line ``number`` is in; None where it has none."""
        kind = None
        for earlier in range(number, -1, -1):
            start = self._lines.starts[earlier]
            if _DOCUMENT.match(self._lines.text, start):
                break
            kind = next((one for one in (_KEY, _ITEM) if one.match(self._lines.text, start)), kind)
        return kind


def _error_in(text: str, deadline: Deadline) -> yaml.MarkedYAMLError | None:
    """The first syntax error; None when there is none, or when looking for it is not worth while."""
    depth = 0
    try:
        next_event = Parser(text).get_event
        while True:
            deadline.look()
            for _ in range(EVENTS_BETWEEN_LOOKS):
                event = next_event()
                if event is None:
                    return None
                depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
                if depth > MAX_DEPTH:
                    return None
    except yaml.MarkedYAMLError as error:
        return error
    except (yaml.YAMLError, UnicodeError):
        return None


def _is_doubtful(error: yaml.MarkedYAMLError) -> bool:
    """Whether the cause may lie in what was skipped."""
    return any(words in (error.problem or "") for words in _NOT_IN_A_FRAGMENT)
