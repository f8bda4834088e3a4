"""The check of JSON (RFC 8259), and of JSON with comments as VS Code reads it.

The library's decoder takes what is no JSON (NaN), recurses, and forgets where things stand. Comments, commas behind
the last item, NaN and Infinity in plain JSON are read by some programs (which write such files too: Python writes NaN)
and refused by others: warnings, errors only when ``strict``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.documents.deadline import Deadline
from confkeep.documents.diagnostic import in_order
from confkeep.documents.json.explain import explain
from confkeep.documents.json.tree import MAX_DEPTH
from confkeep.documents.lines import Lines

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic, Severity

_TOKENS_BETWEEN_LOOKS: Final = 1024
_MOST_NOTES: Final = 20
_SPACE: Final = " \t\r\n"
_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|(?P<literal>(?:true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![\w.+-]))"
    r"|(?P<mark>[\[\]{}:,])"
    r"|(?P<space>[ \t\r\n]++)"
    r"|(?P<comment>//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)"
    r"|(?P<number>-?(?:NaN|Infinity)(?!\w))"
)
# A pair, one half, or any other escape: whatever follows a backslash belongs to it.
_SURROGATE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\."
)


def check(data: bytes, *, comments: bool, strict: bool, seconds: float) -> list[Diagnostic]:
    """What is wrong with ``data``; reading stops at the first error of its syntax. Raises TimeoutError.

    ``comments``: comments and a comma behind the last item are allowed, and so is an empty file.
    """
    lines = Lines(data)
    try:
        text = data.decode(lines.codec)
    except UnicodeDecodeError as error:
        return [lines.undecodable(error)]
    reader = _Reader(text, lines, comments=comments, strict=strict)
    if not data.startswith(text[:1].encode()):
        reader.note("warning", "byte-order-mark", "many readers of JSON stop at a byte order mark: save without", 0, 0)
    reader.read(Deadline(seconds))
    return in_order(reader.found)


class _Reader:
    """``want`` is what may come next.

    ``value`` at the root and behind a colon; ``first`` of a collection, or its end; ``item`` and ``key`` behind a
    comma; ``:``; ``,`` or the collection's end; ``end`` of the text. ``names`` are those of the innermost object, None
    in an array.
    """

    def __init__(self, text: str, lines: Lines, *, comments: bool, strict: bool) -> None:
        self.text = text
        self.lines = lines
        self.comments = comments
        self.disputed: Severity = "error" if strict else "warning"
        self.found: list[Diagnostic] = []
        self.counts: dict[tuple[Severity, str], int] = {}
        self.stack: list[tuple[set[str] | None, str]] = []
        self.names: set[str] | None = None
        self.opened = ""
        self.want = "value"
        self.comma = 0

    def read(self, deadline: Deadline) -> None:
        """To the end, or to the first error."""
        at, match = 0, _TOKEN.match
        left = _TOKENS_BETWEEN_LOOKS
        while at < len(self.text):
            left -= 1
            if not left:
                left = _TOKENS_BETWEEN_LOOKS
                deadline.look()
            token = match(self.text, at)
            if token is None:
                self.fail(at)
                return
            kind = token.lastgroup
            if (kind == "mark" and not self.mark(token[0], at)) or (
                kind in {"string", "literal", "number"} and not self.scalar(token[0], at)
            ):
                return
            if kind == "comment" and not self.comments:
                self.note(self.disputed, "comment", "JSON has no comments: many readers refuse them", at, token.end())
            elif kind == "number":
                message = f"JSON has no {token[0]}: many readers refuse it; write null, or a number"
                self.note(self.disputed, "not-a-number", message, at, token.end())
            at = token.end()
        self.end()

    def end(self) -> None:
        """Whether that was all."""
        if self.stack:
            close = "]" if self.opened == "[" else "}"
            self.syntax(f"the document ends too early: a {close} is missing", len(self.text))
        elif self.want == "value" and self.comments:
            self.note("warning", "empty", "the file is empty: most readers want a value, such as {}", 0, 0)
        elif self.want == "value":
            self.syntax("the file is empty: JSON needs a value, such as {}", len(self.text))

    def scalar(self, token: str, at: int) -> bool:
        """Whether a string, literal or number may stand here."""
        if self.names is not None and self.want in {"first", "key"}:
            if token[0] != '"':
                return self.syntax('the name of a member must be put between double quotes: "name": value', at)
            self.name(token, at)
            self.want = ":"
            return True
        if self.want not in {"value", "first", "item"}:
            return self.fail(at)
        self.want = "," if self.stack else "end"
        if token[0] == '"' and "\\u" in token:
            self.surrogates(token, at)
        return True

    def name(self, token: str, at: int) -> None:
        """Names are the same when they have the same characters: escapes are looked through."""
        name = token[1:-1]
        if "\\" in name:
            name = _unescaped(name)
            self.surrogates(token, at)
        assert self.names is not None  # noqa: S101 - only objects have names
        if name in self.names:
            message = f"duplicate name {name!r}: most readers keep only the last one"
            self.note("warning", "duplicate-key", message, at, at + len(token))
        self.names.add(name)

    def surrogates(self, token: str, at: int) -> None:
        """RFC 8259, section 8.2: what a reader makes of half a pair is unpredictable."""
        for escape in _SURROGATE.finditer(token):
            if len(escape[0]) == len("\\ud800"):
                start = at + escape.start()
                message = f"{escape[0]} is half of a character: readers differ in what they make of it"
                self.note("warning", "lone-surrogate", message, start, start + len(escape[0]))

    def mark(self, mark: str, at: int) -> bool:
        """Whether one of ``[]{}:,`` may stand here."""
        if mark in "[{":
            return self.open(mark, at)
        if mark in "]}":
            return self.close(mark, at)
        if mark != self.want:
            return self.fail(at)
        self.comma = at
        self.want = "value" if mark == ":" else "key" if self.names is not None else "item"
        return True

    def open(self, mark: str, at: int) -> bool:
        """A collection is a value as others are."""
        if self.want not in {"value", "first", "item"} or (self.names is not None and self.want == "first"):
            return self.fail(at)
        if len(self.stack) == MAX_DEPTH:
            self.note("error", "too-deep", f"nested more than {MAX_DEPTH} deep", at, at + 1)
            return False
        self.stack.append((self.names, self.opened))
        self.names, self.opened, self.want = (set() if mark == "{" else None), mark, "first"
        return True

    def close(self, mark: str, at: int) -> bool:
        """Behind an item, or at once."""
        if (
            not self.stack
            or mark != ("]" if self.opened == "[" else "}")
            or self.want not in {"first", ",", "item", "key"}
        ):
            return self.fail(at)
        if self.want in {"item", "key"} and not self.comments:
            message = "a comma behind the last item: many readers refuse it"
            self.note(self.disputed, "trailing-comma", message, self.comma, self.comma + 1)
        self.names, self.opened = self.stack.pop()
        self.want = "," if self.stack else "end"
        return True

    def fail(self, at: int) -> bool:
        """What stands at ``at`` may not."""
        return self.syntax(explain(self.text, at, self.want, self.opened), at)

    def syntax(self, message: str, at: int) -> bool:
        """The check ends here."""
        self.note("error", "syntax", message, at, at)
        return False

    def note(self, severity: Severity, code: str, message: str, start: int, end: int) -> None:
        """So many of a kind, no more."""
        count = self.counts[severity, code] = self.counts.get((severity, code), 0) + 1
        if count <= _MOST_NOTES:
            self.found.append(self.lines.say(severity, code, message, start, end))


def _unescaped(name: str) -> str:
    import json

    decoded: str = json.loads(f'"{name}"')
    return decoded
