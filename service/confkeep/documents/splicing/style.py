"""How the neighbourhood writes: indentation, sequences, quotes, line breaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from confkeep.documents.node import Mapping, Scalar, Sequence, walk
from confkeep.documents.splicing.extent import content_start, is_block
from confkeep.documents.splicing.lines import column, line_end, line_start
from confkeep.documents.text import newline_of

#: What strings are put in where they have to be.
Quote: TypeAlias = Literal["'", '"']

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.documents.node import Node

_NEAR: Final = 60
_FROM_THE_TOP: Final = 300


@dataclass(frozen=True, slots=True)
class Style:
    """``indented``: sequences stand deeper than the key above them; ``literal``: block scalars may be written.

    ``dash``: how far behind its dash an item begins.
    """

    unit: int = 2
    indented: bool = True
    quote: Quote = '"'
    newline: str = "\n"
    literal: bool = True
    dash: int = 2


class Habits:
    """What the beginning of a file, and what is near, show of its style."""

    def __init__(self, text: str, roots: list[Node]) -> None:
        self.text = text

        top = list(islice(chain.from_iterable(map(walk, roots)), _FROM_THE_TOP))
        self.file = self._seen(top, Style(unit=_flow_unit(text, top), newline=newline_of(text)))

    def near(self, node: Node | None) -> Style:
        """As ``node`` and what is in it does; where that shows nothing, as the beginning of the file does."""
        return self.seen(node, self.file) if node else self.file

    def seen(self, node: Node, otherwise: Style) -> Style:
        """What ``node`` and what is in it shows; for the rest, ``otherwise``."""
        return self._seen(list(islice(walk(node), _NEAR)), otherwise)

    def _seen(self, nodes: list[Node], otherwise: Style) -> Style:
        deeper = [one for node in nodes if isinstance(node, Mapping) and not node.flow for one in self._deeper(node)]
        quotes = (node.style for node in nodes if isinstance(node, Scalar))
        return replace(
            otherwise,
            unit=next((width for _, width in deeper if width > 0), otherwise.unit),
            indented=next((width > 0 for node, width in deeper if isinstance(node, Sequence)), otherwise.indented),
            dash=next(filter(None, map(self._dash, nodes)), otherwise.dash),
            quote=next((style for style in quotes if style == "'" or style == '"'), otherwise.quote),  # noqa: PLR1714
        )

    def _dash(self, node: Node) -> int | None:
        """How far behind the first dash of ``node`` its item begins, if on the same line."""
        if not isinstance(node, Sequence) or node.flow or not node.values:
            return None
        start = content_start(node, self.text)
        item = node.values[0].start
        return None if item > line_end(self.text, start) or item < start + 2 else item - start

    def _deeper(self, mapping: Mapping) -> Iterator[tuple[Node, int]]:
        """The block collections in ``mapping``, and how much deeper than its keys they are."""
        here: int | None = None
        for value in mapping.values[:_NEAR]:
            if is_block(value):
                here = column(self.text, content_start(mapping, self.text)) if here is None else here
                yield value, column(self.text, content_start(value, self.text)) - here


def _flow_unit(text: str, nodes: list[Node]) -> int:
    for node in nodes:
        if isinstance(node, Mapping | Sequence) and node.flow and node.values:
            first = node.keys[0] if isinstance(node, Mapping) else node.values[0]
            start = line_start(text, first.start)
            above = line_start(text, node.start)
            if start > above and not text[start : first.start].strip():
                line = text[above : node.start + 1]
                return max(1, first.start - start - (len(line) - len(line.lstrip(" "))))
    return 2
