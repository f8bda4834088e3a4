"""What is wrong where no JSON can go on, in words for people. Nothing of the text is quoted: messages go to logs."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = (
    (
        re.compile(r"(?:True|TRUE|False|FALSE|None|Null|NULL|undefined|nil|yes|no|on|off)\b"),
        "JSON knows true, false and null, in small letters: any other word must be put between double quotes",
    ),
    (
        re.compile(r"[-+]?[.0-9][\w.+-]*"),
        "not a number as JSON has them: no leading zero or +, digits on both sides of the point",
    ),
    (re.compile(r"[A-Za-z_$][\w$-]*"), "text must be put between double quotes"),
)
_OTHER_WAYS: Final = {
    "'": "JSON takes double quotes only: replace the single ones",
    "/*": "this comment has no end",
    "/": "a / must stand between double quotes",
}
_BAD_ESCAPE: Final = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+(?P<what>.?)', re.DOTALL)


def explain(text: str, at: int, want: str, opened: str) -> str:
    """Why ``text[at:]`` cannot stand where ``want`` (see the check) is expected, inside an ``opened`` bracket."""
    character = text[at]
    known = _string(text, at) if character == '"' else _OTHER_WAYS.get(text[at : at + 2]) or _OTHER_WAYS.get(character)
    if known:
        return known
    expected = _EXPECTED.get(want if want != "first" else f"first{opened}", "a value")
    if want in {",", ":", "end"} or character in "[]{}:,":
        return f"{_named(character)} is not expected here, but {expected}"
    if want == "key" or (want == "first" and opened == "{"):
        return 'the name of a member must be put between double quotes: "name": value'
    known = next((said for expression, said in _WORDS if expression.match(text, at)), None)
    return known or f"{_named(character)} is not expected here, but {expected}"


def _string(text: str, at: int) -> str | None:
    match = _BAD_ESCAPE.match(text, at)
    what = match["what"] if match else ""
    if what == '"':
        return None
    if what == "\\":
        return r"an unknown escape in a string: a backslash is written \\"
    if what in {"", "\n", "\r"}:
        return 'the string is not closed in its line: a " is missing (a line break is written \\n)'
    return f"{_named(what)} must not stand in a string: write it as an escape"


def _named(character: str) -> str:
    return character if character.isprintable() and character != " " else f"the character U+{ord(character):04X}"


_EXPECTED: Final = {
    ",": "a comma, or the closing bracket: is a comma missing before it?",
    ":": "a ':' between name and value",
    "end": "the end: the document was complete",
    "key": "the name of the next member",
    "item": "the next item",
    "first{": "the name of a member, or }",
    "first[": "an item, or ]",
}
