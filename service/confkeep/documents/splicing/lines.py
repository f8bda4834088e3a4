"""Where lines begin and end. Positions are offsets; the end of a line is before its break."""

from __future__ import annotations

import re
from typing import Final

_MARK: Final = re.compile(r"---[ \t]*(?:#|\r?\n)")


def line_start(text: str, at: int) -> int:
    """Where the line of ``at`` begins."""
    return text.rfind("\n", 0, at) + 1


def line_end(text: str, at: int) -> int:
    """Where the line of ``at`` ends, before its line break."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if end > at and text[end - 1] == "\r" else end


def next_line(text: str, at: int) -> int:
    """Where the line below that of ``at`` begins, or the text ends."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def column(text: str, at: int) -> int:
    """How many characters stand before ``at`` on its line."""
    return at - line_start(text, at)


def is_first(text: str, at: int) -> bool:
    """Whether nothing but white space stands before ``at`` on its line."""
    while at and text[at - 1] in " \t":
        at -= 1
    return at == 0 or text[at - 1] == "\n"


def margin(text: str, at: int) -> str:
    """The white space that the line of ``at`` begins with."""
    start = end = line_start(text, at)
    while end < at and text[end] in " \t":
        end += 1
    return text[start:end]


def opens_document(text: str, start: int) -> bool:
    """Whether nothing but blank lines stands above the line that begins at ``start``, up to the mark of a document."""
    while start:
        above = line_start(text, start - 1)
        if text[above:start].strip():
            return _MARK.match(text, above) is not None
        start = above
    return True


def blank_end(text: str, at: int) -> int:
    """The end of the last of the blank lines directly below the line that ends at ``at``."""
    while (below := next_line(text, at)) > at and below < len(text):
        end = line_end(text, below)
        if text[below:end].strip(" \t"):
            break
        at = end
    return at


def blank_start(text: str, start: int) -> int:
    """Where the first of the empty lines directly above the line that begins at ``start`` begins."""
    while start > 1 and line_end(text, above := line_start(text, start - 1)) == above:
        start = above
    return start
