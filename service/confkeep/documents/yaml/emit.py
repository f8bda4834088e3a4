"""Nodes as YAML text, in block style or in flow style; aliases are written out, anchors are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.yaml.quote import body, header, is_literal, is_plain, is_string, quoted
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.node import Node
    from confkeep.documents.node import Style as NodeStyle
    from confkeep.documents.splicing.style import Quote, Style

_DEEPEST: Final = 200
_LONGEST_KEY: Final = 1000  # YAML 1.2.2, section 7.4.3: an implicit key ends within 1,024 characters
_MOST_NODES: Final = 1_000_000
_MOST_CHARACTERS: Final = 1 << 22
_CORE: Final = "tag:yaml.org,2002:"


class Written(NamedTuple):
    """What follows on the line, and whole lines below it, without their breaks."""

    first: str
    rest: list[str]


class Place(NamedTuple):
    """Where the value of an entry of the block collection in column ``parent`` (-1: a root) comes.

    ``at`` is the column where the entries of a block collection stand; None: as far below a key as the style has it.
    ``below``: it may not begin on the line itself (as in ``- a: 1``). ``properties`` are written in front, which moves
    a block collection below. ``commented``: a comment stays at the end of the line.
    """

    parent: int
    at: int | None = None
    below: bool = True
    properties: str = ""
    commented: bool = False

    def tagged(self, tag: str) -> Place:
        """The same with ``tag`` behind its properties."""
        return self._replace(properties=_with(self.properties, tag))

    def block(self, column: int, lines: list[str]) -> Written:
        """The lines of a block collection in ``column``."""
        if self.below or self.properties:
            return Written(self.properties, lines)
        return Written(lines[0][column:], lines[1:])


class Emitter:
    """Writes in one style. Raises NotRepresentable for what YAML cannot say, or would say at too great a length."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._left = _MOST_NODES
        self._characters_left = _MOST_CHARACTERS

    def value(self, node: Node, place: Place, depth: int = 0) -> Written:
        """``node`` for ``place``."""
        node = self._look(node, depth)
        place = place.tagged(tag_of(node))
        if isinstance(node, Scalar):
            first, rest = self._scalar(node, place.parent)
            return Written(_with(place.properties, first), rest)
        if node.flow or not node.values:
            return Written(_with(place.properties, self.flow(node, depth, tagged=False)), [])
        column = self.column_at(node, place)
        return place.block(column, self._lines(node, column, depth))

    def column_at(self, node: Mapping | Sequence, place: Place) -> int:
        """Where the entries of ``node`` stand, as a block collection in ``place``."""
        if place.at is not None:
            return place.at
        if place.parent < 0:
            return 0
        return place.parent + (self.style.unit if self.style.indented or isinstance(node, Mapping) else 0)

    def entry(self, key: Node, written: Written, column: int, depth: int = 0) -> Written:
        """An entry of a block mapping in ``column``, whose value is ``written``."""
        name = self._key(key, depth)
        if len(name) <= _LONGEST_KEY:
            return Written(_with(name + ":", written.first), written.rest)
        return Written("? " + name, [" " * column + _with(":", written.first), *written.rest])

    def flow(self, node: Node, depth: int = 0, *, tagged: bool = True) -> str:
        """``node`` on one line."""
        node = self._look(node, depth)
        if isinstance(node, Scalar):
            text = self._inline(node, flow=True)
        elif isinstance(node, Sequence):
            text = "[" + ", ".join([self.flow(one, depth + 1) for one in node.values]) + "]"
        else:
            pairs = zip(node.keys, node.values, strict=True)
            text = "{" + ", ".join([self.pair(key, self.flow(value, depth + 1), depth) for key, value in pairs]) + "}"
        return _with(tag_of(node), text) if tagged else text

    def pair(self, key: Node, value: str, depth: int = 0) -> str:
        """An entry of a flow mapping."""
        name = self.flow(key, depth)
        return f"{'? ' if len(name) > _LONGEST_KEY else ''}{name}: {value}"

    def _look(self, node: Node, depth: int) -> Scalar | Mapping | Sequence:
        node = node.target if isinstance(node, Alias) else node
        self._left -= 1
        if isinstance(node, Scalar):
            self._characters_left -= len(node.value)
        if depth > _DEEPEST or self._left < 0 or self._characters_left < 0:
            raise NotRepresentable("the new value is nested too deep, or too large once its aliases are written out")
        return node

    def _lines(self, node: Mapping | Sequence, column: int, depth: int) -> list[str]:
        lines: list[str] = []
        if isinstance(node, Sequence):
            dash = self.style.dash
            place = Place(column, column + dash, below=False)
            written = (item(self.value(one, place, depth + 1), dash) for one in node.values)
        else:
            pairs = zip(node.keys, node.values, strict=True)
            written = (
                self.entry(key, self.value(value, Place(column), depth + 1), column, depth) for key, value in pairs
            )
        for one in written:
            lines.append(" " * column + one.first)
            lines += one.rest
        return lines

    def _key(self, node: Node, depth: int) -> str:
        node = self._look(node, depth)
        if not isinstance(node, Scalar):
            return self.flow(node, depth)
        return _with(tag_of(node), self._inline(node, flow=False))

    def _scalar(self, node: Scalar, parent: int) -> Written:
        value = node.value
        if node.style not in {"|", ">"} or not self.style.literal or not is_literal(value):
            return Written(self._inline(node, flow=False), [])
        # One line folds to itself; what more lines fold to is not looked into.
        folded = node.style == ">" and "\n" not in value.removesuffix("\n")
        width = max(self.style.unit if self.style.unit <= 9 else 2, 1)  # noqa: PLR2004 - an indicator is one digit
        return Written(header(value, ">" if folded else "|", width), body(value, max(parent, 0) + width))

    def _inline(self, node: Scalar, *, flow: bool) -> str:
        value = node.value
        if node.style == "":
            if not value:
                return "" if node.tag else "null"
            return value if is_plain(value, flow=flow) or not is_string(value) else quoted(value, self.style.quote)
        if node.style in {"'", '"'}:
            return quoted(value, node.style)
        return (
            value
            if is_plain(value, flow=flow) and is_string(value) and not node.tag
            else quoted(value, self.style.quote)
        )


def tag_of(node: Node) -> str:
    """The tag of ``node`` as it is written in any document; handles of its own are spelt out (YAML 1.2.2, 6.8.2)."""
    tag = None if isinstance(node, Alias) else node.tag
    if tag is None:
        return ""
    if tag.startswith(_CORE) and tag[len(_CORE) :].isalnum():
        return "!!" + tag[len(_CORE) :]
    return tag if tag.startswith("!") and "!" not in tag[1:] else f"!<{tag}>"


def _with(front: str, text: str) -> str:
    return f"{front} {text}" if front and text else front or text


def item(written: Written, dash: int) -> Written:
    """An item of a block sequence, whose value is ``written``, that begins so far behind its dash."""
    return Written(_with("-".ljust(dash - 1), written.first) if written.first else "-", written.rest)


def string_style(value: str, quote: Quote) -> NodeStyle:
    """The style in which a new string is written: plain where that is safe, literal when it has lines."""
    if is_plain(value, flow=False) and is_string(value):
        return ""
    return "|" if "\n" in value and is_literal(value) else quote
