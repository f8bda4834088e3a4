"""JSON text, with comments or without, to flow nodes.

The library's decoder forgets where things stand; here one regular expression finds each token in linear time, and a
stack of our own takes the place of recursion.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NoReturn

from confkeep.documents.node import Mapping, Scalar, Sequence, Stream
from confkeep.documents.uncomposable import Uncomposable

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Collection, Node

#: As for YAML.
MAX_DEPTH: Final = 200
_TOKENS_BETWEEN_LOOKS: Final = 1024
#: One token and the white space behind it (RFC 8259, sections 2, 6 and 7).
_SYMBOL: Final = (
    r'(?:("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+")'
    r"|(true|false|null|-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![0-9A-Za-z_.+-])"
    r"|([\[\]{}:,]))"
)
_SPACE: Final = r"[ \t\r\n]*+"
#: Comments as in JavaScript; a line of VS Code's ends with LF or CRLF.
_SPACE_OR_COMMENTS: Final = r"(?:[ \t\r\n]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_PLAIN: Final = (re.compile(_SYMBOL + _SPACE), re.compile(_SPACE))
_COMMENTED: Final = (re.compile(_SYMBOL + _SPACE_OR_COMMENTS), re.compile(_SPACE_OR_COMMENTS))


def compose(text: str, deadline: Deadline, *, comments: bool = False) -> Stream:
    """The nodes of ``text``, which has no byte order mark: one root, flow collections, scalars.

    A string has the style ``'"'`` and its decoded value; a literal or number the style ``""`` and its own text.
    ``comments``: ``//``, ``/* */`` and a comma behind the last item are read over, as VS Code does.
    Raises Uncomposable, TimeoutError.
    """
    return _Reader(text, deadline, comments=comments).stream()


class _Reader:
    """``want`` is what may come next.

    ``value`` at the root and behind a colon, ``first`` of a collection (or its end), ``item`` or ``key`` behind a
    comma, ``:``, ``,`` (or the collection's end), ``end`` of the text.
    """

    def __init__(self, text: str, deadline: Deadline, *, comments: bool) -> None:
        self.text = text
        self.deadline = deadline
        self.comments = comments
        self.parent: Collection | None = None
        self.stack: list[Collection | None] = []
        self.root: Node | None = None
        self.want = "value"

    def stream(self) -> Stream:
        token, space = _COMMENTED if self.comments else _PLAIN
        match_token = token.match
        found = space.match(self.text)
        at = found.end() if found else 0
        left = _TOKENS_BETWEEN_LOOKS
        while at < len(self.text):
            left -= 1
            if not left:
                left = _TOKENS_BETWEEN_LOOKS
                self.deadline.look()
            found = match_token(self.text, at)
            if found is None:
                self.fail(at, self._what(at))
            string, literal, mark = found.groups()
            if mark is None:
                self.scalar(found, string, literal)
            else:
                self.mark(mark, found.start())
            at = found.end()
        if self.root is None or self.parent is not None:
            self.fail(at, "it ends too early")
        return Stream(self.text, [self.root])

    def scalar(self, found: re.Match[str], string: str | None, literal: str) -> None:
        start = found.start()
        if string is None:
            self._expect_value(start)
            self.put(Scalar(start, found.end(2), literal))
            return
        value: str = json.loads(string) if "\\" in string else string[1:-1]
        node = Scalar(start, found.end(1), value, '"')
        if isinstance(self.parent, Mapping) and self.want in {"first", "key"}:
            self.parent.keys.append(node)
            self.want = ":"
        else:
            self._expect_value(start)
            self.put(node)

    def put(self, node: Node) -> None:
        """``node`` is a value, and complete."""
        if self.parent is None:
            self.root = node
            self.want = "end"
        else:
            self.parent.values.append(node)
            self.want = ","

    def mark(self, mark: str, at: int) -> None:
        if mark in "[{":
            self.open(mark, at)
        elif mark in "]}":
            self.close(mark, at)
        elif mark != self.want:
            self.fail(at, f"{self._expected()} is expected")
        elif mark == ":":
            self.want = "value"
        else:
            self.want = "key" if isinstance(self.parent, Mapping) else "item"

    def open(self, mark: str, at: int) -> None:
        self._expect_value(at)
        self.stack.append(self.parent)
        if len(self.stack) > MAX_DEPTH:
            raise Uncomposable(f"it is nested more than {MAX_DEPTH} deep")
        opened: Collection = Mapping(at, -1, True) if mark == "{" else Sequence(at, -1, True)  # noqa: FBT003
        self.parent = opened
        self.want = "first"

    def close(self, mark: str, at: int) -> None:
        closed = self.parent
        after = {"first", ","} | ({"key", "item"} if self.comments else set[str]())
        if closed is None or isinstance(closed, Mapping) != (mark == "}") or self.want not in after:
            self.fail(at, f"{self._expected()} is expected")
        closed.end = at + 1
        self.parent = self.stack.pop()
        self.put(closed)

    def _expect_value(self, at: int) -> None:
        if self.want not in {"value", "item"} and not (self.want == "first" and isinstance(self.parent, Sequence)):
            self.fail(at, f"{self._expected()} is expected")

    def _expected(self) -> str:
        """What may stand here, for people."""
        end = "}" if isinstance(self.parent, Mapping) else "]"
        match self.want:
            case ":":
                return "a colon"
            case ",":
                return f"a comma or {end}"
            case "key":
                return "a name in double quotes"
            case "first":
                return f"a name in double quotes or {end}" if end == "}" else "a value or ]"
            case "end":
                return "the end"
            case _:
                return "a value"

    def _what(self, at: int) -> str:
        """Why there is no token."""
        rest = self.text[at : at + 2]
        if rest in {"//", "/*"}:
            return "a comment that does not end" if self.comments else "JSON has no comments"
        if rest[0] == '"':
            return "a string that does not end, or holds a control character or a bad escape"
        return f"{self._expected()} is expected"

    def fail(self, at: int, why: str) -> NoReturn:
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        raise Uncomposable(f"it is not valid JSON: {why} in line {line}, column {column}")
