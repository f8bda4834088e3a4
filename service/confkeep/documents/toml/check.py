"""The check of TOML 1.0, by the standard library's parser. It stops at the first error."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Final

from confkeep.documents.collector import paused
from confkeep.documents.deadline import Deadline
from confkeep.documents.diagnostic import in_order
from confkeep.documents.lines import Lines

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic

#: tomllib cannot be interrupted. Its time grows with size times the parts of a dotted key, and with nesting.
MAX_DEPTH: Final = 200
#: Measured on the slowest kinds of valid TOML (a table a line).
_BYTES_A_SECOND: Final = 1_000_000
_MOST_DOTS: Final = re.compile(rf"(?m)^[^#\n=]*?(?:\.[^\n.=]*){{{MAX_DEPTH}}}")
_PLACE: Final = re.compile(r"(?s)(?P<message>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")


def check(data: bytes, *, seconds: float) -> list[Diagnostic]:
    """What is wrong with ``data``. Raises TimeoutError, at once where ``data`` would hardly be done in time."""
    if len(data) > seconds * _BYTES_A_SECOND:
        raise TimeoutError("the document takes too long")
    lines = Lines(data)
    deadline = Deadline(seconds)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [lines.undecodable(error)]
    found: list[Diagnostic] = []
    if text.startswith("\ufeff"):
        found.append(
            lines.warning("byte-order-mark", "some readers of TOML stop at a byte order mark: save without", 0)
        )
    dotted = _MOST_DOTS.search(lines.text)
    if dotted is not None:
        return [*found, lines.error("too-deep", f"a key of more than {MAX_DEPTH} parts", dotted.start())]
    try:
        with paused():
            tomllib.loads(lines.text)
    except tomllib.TOMLDecodeError as error:
        found.append(_error(error, lines))
    except RecursionError:
        found.append(lines.error("too-deep", "nested too deep", 0))
    except ValueError as error:  # Python reads no integer of more than 4,300 digits
        found.append(lines.error("syntax", str(error).partition(";")[0], 0))
    deadline.look()
    return in_order(found)


def _error(error: tomllib.TOMLDecodeError, lines: Lines) -> Diagnostic:
    match = _PLACE.fullmatch(str(error))
    if match is None:
        return lines.error("syntax", str(error), 0)
    at = len(lines.text)
    if match["line"]:
        # Both count lines alike up to an error: a CR without LF is one.
        at = lines.starts[min(int(match["line"]), len(lines.starts)) - 1] + int(match["column"]) - 1
    return lines.error("syntax", _explained(match["message"]), min(at, len(lines.text)))


#: What tomllib's messages begin with, in words for people; the others are clear enough.
_EXPLAINED: Final = {
    "Invalid value": "no value of TOML: text must be put between quotes, true and false are written small",
    "Invalid statement": "neither a key, a [table] nor a comment",
    "Cannot overwrite a value": "this key, or a part of it, has a value already",
    "Invalid initial character for a key part": "a key is missing, or it must be put between quotes",
    "Expected '=' after a key": "a '=' is missing behind the key",
    "Expected newline or end of document": "there is more text behind the value: one key and value a line",
    "Unterminated string": "the string has no closing quotes",
    "Unescaped '\\' in a string": "an unknown escape: write a backslash as \\\\, or put the text between single quotes",
    "Unclosed array": "the array is not closed, or a comma is missing: ]",
    "Unclosed inline table": "the inline table is not closed in its line, or a comma is missing: }",
}


def _explained(message: str) -> str:
    return next((said for words, said in _EXPLAINED.items() if message.startswith(words)), message)
