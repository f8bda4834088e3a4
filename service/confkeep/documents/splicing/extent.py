"""Where nodes begin and end in the eyes of who edits them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.lines import line_end, line_start

if TYPE_CHECKING:
    from confkeep.documents.node import Collection, Node

_PROPERTY: Final = re.compile(r"[&!]\S*")


def has_properties(node: Node) -> bool:
    """Whether a tag or an anchor is written in front of ``node``."""
    return not isinstance(node, Alias) and (node.anchor is not None or node.tag is not None)


def content_start(node: Node, text: str) -> int:
    """Where ``node`` begins behind its tag and anchor; its end where there is nothing."""
    if isinstance(node, Alias):
        return node.start
    at = node.start
    # One of each: behind them there may be those of the first key (``&map\n&key key: value``).
    for _ in range((node.anchor is not None) + (node.tag is not None)):
        match = _PROPERTY.match(text, at)
        at = Syntax.YAML.skip(text, match.end()) if match else at
    return min(at, node.end)


def properties_end(node: Node, text: str) -> int:
    """Where the tag and anchor of ``node`` end; its start where it has none."""
    return node.start + len(text[node.start : content_start(node, text)].partition("\n")[0].partition(" #")[0].rstrip())


def is_block(node: Node) -> bool:
    """Whether ``node`` is a collection without brackets."""
    return isinstance(node, Mapping | Sequence) and not node.flow


def is_block_scalar(node: Node) -> bool:
    """Whether ``node`` is a scalar of style ``|`` or ``>``."""
    return isinstance(node, Scalar) and node.style in {"|", ">"}


def last_leaf(node: Node) -> Node:
    """What ends ``node``: its last value's last value, unless brackets close it."""
    while isinstance(node, Mapping | Sequence) and not node.flow and node.values:
        node = node.values[-1]
    return node


def header_of(node: Scalar, text: str) -> tuple[int, int]:
    """Where the header of a block scalar (``|2-``) begins and ends."""
    start = content_start(node, text)
    return start, start + len(text[start : line_end(text, start)].partition(" ")[0].rstrip())


def keeps_breaks(node: Node, text: str) -> bool:
    """Whether blank lines below ``node`` belong to it: a block scalar ``|+``."""
    if not isinstance(node, Scalar) or not is_block_scalar(node):
        return False
    start, end = header_of(node, text)
    return "+" in text[start:end]


def content_end(node: Node, text: str) -> int:
    """Where ``node`` ends, without a line break; blank lines below a block scalar count only where it keeps them."""
    leaf = last_leaf(node)
    if not isinstance(leaf, Scalar) or not is_block_scalar(leaf):
        return node.end
    if not keeps_breaks(leaf, text):
        start = content_start(leaf, text)
        return line_end(text, start + len(text[start : leaf.end].rstrip()))
    return line_end(text, line_start(text, leaf.end - 1)) if text[leaf.end - 1] == "\n" else leaf.end


class Entries:
    """The entries of one collection: where the one with a number begins and ends, comments not included."""

    def __init__(self, text: str, container: Collection, syntax: Syntax) -> None:
        self.text = text
        self.container = container
        self.syntax = syntax

    def start(self, index: int) -> int:
        """Of a block sequence's item the dash, of an entry its key or the ``?`` in front of it."""
        if index:
            at = self.syntax.skip(self.text, self.end(index - 1))
            return self.syntax.skip(self.text, at + 1) if self.container.flow else at
        at = content_start(self.container, self.text)
        if self.container.flow and self.text[at : at + 1] in {"[", "{"}:
            at = self.syntax.skip(self.text, at + 1)
        return at

    def end(self, index: int) -> int:
        """Where the value ends, blank lines below a block scalar left out."""
        value = self.container.values[index]
        end = content_end(value, self.text)
        if isinstance(self.container, Mapping):
            return max(end, self.container.keys[index].end)
        return end

    def head(self, index: int) -> int | None:
        """Behind the dash or colon in front of a value; None where there is none (``? key``, ``{key}``, ``[item]``)."""
        if isinstance(self.container, Mapping):
            at = self.syntax.skip(self.text, self.container.keys[index].end)
            return at + 1 if self.text.startswith(":", at) else None
        return None if self.container.flow else self.start(index) + 1
