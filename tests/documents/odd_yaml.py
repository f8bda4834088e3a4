"""YAML texts in many styles, with whatever people put between the values: made at random, always valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

SCALARS: Final = (
    "plain",
    "two words",
    "'single'",
    "'it''s'",
    '"double"',
    '"esc\\n\\"aped\\u00e9"',
    "1",
    "1.5",
    "on",
    "null",
    "~",
    "17:30:00",
    "http://host/path#part",
    "ünï 😀",
    "!secret token",
    "!include other.yaml",
    "!!str 5",
    "''",
    '""',
    '"  "',
)
_MULTILINE: Final = (
    "plain\n{}goes on",
    "'single\n{}goes on'",
    '"double\n\n{}goes \\\n{}on"',
    "[a,\n{}b, # why\n{}c]",
    "{{a: 1,\n{} b: 2,\n{}}}",
)
_HEADERS: Final = ("|", "|-", "|+", ">", ">-", "|2", ">2-", "| # why", "!lambda |-")
_COMMENTS: Final = ("# remark", "#- old: item", "#", "# 'quote\" : - {")


class Writer:
    """Writes one text; ``random`` decides."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.names = 0

    def text(self) -> str:
        """A stream of one document or more."""
        documents = [self._document() for _ in range(self.random.choice((1, 1, 1, 2, 3)))]
        text = (
            documents[0]
            if self._one_in(2)
            else self.random.choice(("---\n", "# file\n---\n", "%YAML 1.1\n---\n")) + documents[0]
        )
        for one in documents[1:]:
            text += self.random.choice(("---\n", "...\n---\n", "--- # next\n")) + one
        if self._one_in(6):
            text = text.rstrip("\n")
        return text.replace("\n", "\r\n") if self._one_in(5) else text

    def _one_in(self, number: int) -> bool:
        return self.random.randrange(number) == 0

    def _document(self) -> str:
        lines = ["# header", ""] if self._one_in(3) else []
        lines += self._mapping(0, 0) if self._one_in(2) else self._sequence(0, 0)
        if self._one_in(4):
            lines += ["", "# the end"]
        return "\n".join(lines) + "\n"

    def _between(self, column: int) -> list[str]:
        lines: list[str] = []
        while self._one_in(4):
            indent = self.random.choice((column, column, column, column + 2, 0))
            lines.append(self.random.choice(("", "", "  ", " " * indent + self.random.choice(_COMMENTS))))
        return lines

    def _mapping(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for number in range(self.random.randint(1, 4)):
            between = self._between(column) if number or not depth else []
            key = self._key()
            if self._one_in(15):
                first, rest = self._value(column, depth, "sequence")
                if self._one_in(4):
                    lines += [*between, " " * column + "? " + key]
                    continue
                lines += [*between, " " * column + "? " + key, " " * column + ":" + first, *rest]
                continue
            first, rest = self._value(column, depth, "mapping")
            lines += [*between, " " * column + key + ":" + first, *rest]
        return lines

    def _key(self) -> str:
        self.names += 1
        return self.random.choice(("k{}", "key {}", "'k{}'", '"k:{}"', "/k{}/*", "&a{} k{}")).replace(
            "{}", str(self.names)
        )

    def _sequence(self, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        for number in range(self.random.randint(1, 4)):
            between = self._between(column) if number or not depth else []
            first, rest = self._value(column, depth, "sequence")
            lines += [*between, " " * column + "-" + first, *rest]
        return lines

    def _value(self, column: int, depth: int, parent: str) -> tuple[str, list[str]]:
        """What follows on the line, and the lines below."""
        choice = self.random.random() if depth < 4 else 0.0
        width = self.random.choice((2, 2, 2, 4, 1, 3))
        if choice < 0.55:
            return self._leaf(column)
        if choice < 0.65:
            return self._space() + self._flow(0) + self._behind(), []
        deeper = column + width
        make = self._mapping if choice < 0.82 else self._sequence
        if parent == "sequence" and self._one_in(2):
            spaces = self.random.choice((1, 1, 1, 3))
            lines = make(column + 1 + spaces, depth + 1)
            return " " * spaces + lines[0].lstrip(" "), lines[1:]
        if parent == "mapping" and make == self._sequence and self._one_in(2):
            deeper = column
        header = (
            self.random.choice(("", "", "", "", " !tag", f" &b{self.names} !tag", f" &c{self.names}")) + self._behind()
        )
        above = self._between(deeper) if self._one_in(3) else []
        return header, above + make(deeper, depth + 1)

    def _space(self) -> str:
        return self.random.choice((" ", " ", " ", "   "))

    def _behind(self) -> str:
        return self.random.choice(("", "", "", "", " # why", "  ", "\t", "   # it's"))

    def _leaf(self, column: int) -> tuple[str, list[str]]:
        choice = self.random.random()
        indent = " " * (column + self.random.choice((2, 4)))
        if choice < 0.08:
            return self._behind(), []
        if choice < 0.75:
            anchor = f"&d{self.names}x{self.random.randrange(1000)} " if self._one_in(12) else ""
            return self._space() + anchor + self.random.choice(SCALARS) + self._behind(), []
        if choice < 0.8:
            return self._behind(), [indent + self.random.choice(SCALARS) + self._behind()]
        if choice < 0.88:
            first, *rest = self.random.choice(_MULTILINE).format(*[indent] * 2).split("\n")
            return " " + first, rest
        return self._block_scalar(column)

    def _block_scalar(self, column: int) -> tuple[str, list[str]]:
        header = self.random.choice(_HEADERS)
        indent = " " * (column + 2)
        lines = [indent + self.random.choice(("text", "# text", "- text", "more: text", "{{ jinja }}"))]
        while self._one_in(2):
            lines.append(self.random.choice(("", indent + "text", indent + "  deeper", indent + "text  ")))
        return " " + header, lines

    def _flow(self, depth: int) -> str:
        count = self.random.randint(0, 3)
        leaves = [self._flow(depth + 1) if depth < 2 and self._one_in(4) else self._flow_leaf() for _ in range(count)]
        pad = self.random.choice(("", "", " "))
        if self._one_in(2):
            comma = "," if leaves and self._one_in(6) else ""
            return f"[{pad}{', '.join(leaves)}{comma}{pad}]"
        pairs = [
            self.random.choice((f"k{number}: {leaf}", f'"k{number}": {leaf}', f"k{number}: ", f"k{number}"))
            for number, leaf in enumerate(leaves)
        ]
        return f"{{{pad}{', '.join(pairs)}{pad}}}"

    def _flow_leaf(self) -> str:
        return self.random.choice(("a", "1", "'b'", '"c, d"', "two words", "!secret x", "k: v"[:1]))


def text(random: Random) -> str:
    """A text as ``random`` has it."""
    return Writer(random).text()
