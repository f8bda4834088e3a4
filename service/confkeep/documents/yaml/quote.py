"""Strings as YAML scalars: plain where every reader agrees that it is a string, otherwise quoted or literal.

YAML 1.2.2, chapters 7.3 (flow scalar styles) and 8.1 (block scalar styles); YAML 1.1 knows more line breaks.
"""

from __future__ import annotations

import re
from typing import Final

from confkeep.documents.yaml.scalars import read
from confkeep.errors import NotRepresentable

#: Characters that stand for themselves in every reader: no control, no break of YAML 1.1, no byte order mark.
_ORDINARY: Final = re.compile(
    "[\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]*"
)
_SURROGATE: Final = re.compile("[\\ud800-\\udfff]")
# What a plain scalar may begin with, and what it may not hold. A dash before anything but a space is harmless.
_PLAIN_START: Final = re.compile(r"(?!---|\.\.\.)(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|-(?=[^\s,\[\]{}]))")
_NOT_PLAIN: Final = re.compile(r":(?:\s|$)|\s#|[\t\n\r]|\s$")
# In a flow collection older parsers stop at ? and : too.
_NOT_FLOW: Final = re.compile(r"[,\[\]{}?:]")
_ESCAPED: Final = re.compile(
    '["\\\\]|[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]'
)
_SHORT: Final = {
    '"': '\\"',
    "\\": "\\\\",
    "\0": "\\0",
    "\a": "\\a",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\v": "\\v",
    "\f": "\\f",
    "\r": "\\r",
    "\x1b": "\\e",
    "\x85": "\\N",
    "\u2028": "\\L",
    "\u2029": "\\P",
}
# What a loose reader of YAML 1.1 takes for something else, even where PyYAML does not.
_LOOSELY: Final = {"=", "<<", "y", "Y", "n", "N"}
_BLANK_LINE: Final = re.compile(r"^[ \t]+$", re.MULTILINE)


def is_plain(value: str, *, flow: bool) -> bool:
    """Whether ``value``, written plain, ends where it should: nothing is said of what it is read as."""
    return bool(
        _PLAIN_START.match(value)
        and _ORDINARY.fullmatch(value)
        and not _NOT_PLAIN.search(value)
        and not (flow and _NOT_FLOW.search(value))
    )


def is_string(value: str) -> bool:
    """Whether readers of YAML 1.1 and of 1.2 both take the plain scalar ``value`` for a string."""
    return value not in _LOOSELY and read(value, "1.1")[0] == "str" and read(value, "1.2")[0] == "str"


def is_literal(value: str) -> bool:
    """Whether ``value`` can be a literal block scalar of one line or more, in every reader."""
    return bool(
        value.strip("\n")
        and _ORDINARY.fullmatch(value.translate({10: None, 9: None}))
        and not _BLANK_LINE.search(value)
    )


def single(value: str) -> str | None:
    """``value`` in single quotes, None where they cannot hold it."""
    return "'" + value.replace("'", "''") + "'" if _ORDINARY.fullmatch(value) else None


def double(value: str) -> str:
    """``value`` in double quotes. Raises NotRepresentable for a lone surrogate, which no encoding of YAML has."""
    if _SURROGATE.search(value):
        raise NotRepresentable("a string holds half of a surrogate pair (U+D800 to U+DFFF), which YAML cannot say")
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    return _SHORT.get(character) or (
        f"\\x{ord(character):02x}"
        if character <= "\xff"
        else f"\\u{ord(character):04x}"
        if character <= "\uffff"
        else f"\\U{ord(character):08x}"
    )


def quoted(value: str, quote: str) -> str:
    """``value`` in the quotes that are preferred, or in double ones where it must be."""
    return (single(value) if quote == "'" else None) or double(value)


def header(value: str, indicator: str, width: int) -> str:
    """The first line of a block scalar whose lines are indented by ``width``: style, indentation, chomping."""
    chomp = "+" if value.endswith("\n\n") else "" if value.endswith("\n") else "-"
    return indicator + (str(width) if value[0] in " \t\n" else "") + chomp


def body(value: str, indent: int) -> list[str]:
    """The lines of a literal block scalar, without the last line break."""
    lines = value.removesuffix("\n").split("\n")
    return [" " * indent + line if line else "" for line in lines]
