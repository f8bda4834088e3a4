"""The check of .env files, by the rules of Docker Compose (compose-go, package ``dotenv``: its parser).

``NAME=value`` or ``NAME: value``, with ``export`` before it or not; ``NAME`` alone hands a variable on. A value that
begins with a quote ends with the same one, which may be some lines below; in double quotes a backslash escapes.
``#`` begins a comment at the start of a line and behind white space.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from confkeep.documents.deadline import Deadline
from confkeep.documents.diagnostic import in_order
from confkeep.documents.lines import Lines

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic

_ENTRIES_BETWEEN_LOOKS: Final = 256
_MOST_NOTES: Final = 20
#: Compose's parser counts CR LF as LF, and knows no other end of line.
_BLANK: Final = re.compile(r"(?:\s+|#[^\n]*)*+")
_EXPORT: Final = re.compile(r"export[ \t]+")
_NAME: Final = re.compile(r"(?P<name>[^=:\n]*)(?P<sign>[=:]?)[^\S\n]*")
_GOOD_NAME: Final = re.compile(r"[\w.\-\[\]]*")
_QUOTED: Final = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\]|\\.)*+'", re.DOTALL),
}
_REST: Final = re.compile(r"[^\n]*")


def check(data: bytes, *, seconds: float) -> list[Diagnostic]:
    """What is noteworthy about ``data``; reading stops at a quote that is never closed. Raises TimeoutError."""
    lines = Lines(data)
    deadline = Deadline(seconds)
    found: list[Diagnostic] = []
    if lines.codec == "utf-16":
        return [lines.error("encoding", "UTF-16, which Docker Compose cannot read: save the file as UTF-8", 0)]
    try:
        data.decode()
    except UnicodeDecodeError as error:
        found.append(lines.warning("encoding", "not UTF-8, which most readers expect", lines.index_of(error.start)))
    if data.startswith(codecs.BOM_UTF8):
        found.append(lines.warning("byte-order-mark", "some readers take a byte order mark for a part of the name", 0))
    _read(lines, deadline, found)
    return in_order(found)


def _read(lines: Lines, deadline: Deadline, found: list[Diagnostic]) -> None:
    text, names = lines.text, set[str]()
    at = entries = errors = warnings = 0
    while (at := _end(_BLANK, text, at)) < len(text):
        entries += 1
        if entries % _ENTRIES_BETWEEN_LOOKS == 0:
            deadline.look()
        start = _end(_EXPORT, text, at)
        match = _NAME.match(text, start)
        assert match is not None  # noqa: S101 - it matches anything
        name, end = match["name"].strip(), start + len(match["name"].rstrip())
        problem = _problem(name, match["sign"])
        if problem is not None:
            errors += 1
            if errors <= _MOST_NOTES:
                found.append(lines.error("syntax", problem, start, end))
        elif name in names:
            warnings += 1
            if warnings <= _MOST_NOTES:
                found.append(lines.warning("duplicate-key", "this name stands twice: the last one counts", start, end))
        if match["sign"]:
            names.add(name)
        at = match.end()
        if match["sign"] and text[at : at + 1] in _QUOTED:
            quoted = _QUOTED[text[at]].match(text, at)
            if quoted is None:
                message = "the quote that opens here is never closed: one is missing behind the value"
                found.append(lines.error("syntax", message, at, at + 1))
                return
            at = quoted.end()
        at = _end(_REST, text, at)


def _problem(name: str, sign: str) -> str | None:
    """Why Compose would refuse the name of an entry."""
    if not name:
        return f"the name before the {sign} is missing"
    if _GOOD_NAME.fullmatch(name):
        return None
    if any(character.isspace() for character in name):
        return "the name of a variable cannot hold a space" if sign else "no variable: a line is written NAME=value"
    return "the name of a variable is made of letters, digits, _ and . only"


def _end(expression: re.Pattern[str], text: str, at: int) -> int:
    match = expression.match(text, at)
    return at if match is None else match.end()
