"""A splice in the making: the stream as it was, and the edits so far."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from confkeep.documents.changes import Remove
from confkeep.documents.node import Mapping, Sequence
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.edits import Edit, apply
from confkeep.documents.splicing.extent import header_of
from confkeep.documents.splicing.style import Habits
from confkeep.documents.text import newline_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.documents.changes import Change
    from confkeep.documents.node import Collection, Node, Scalar, Stream
    from confkeep.documents.splicing.style import Style

_WITHOUT_CHOMPING: Final = str.maketrans("", "", "+-")


class Draft:
    """What all who make edits share."""

    def __init__(self, stream: Stream, syntax: Syntax, changes: Iterable[Change]) -> None:
        self.stream = stream
        self.text = stream.text
        self.syntax = syntax
        self.newline = newline_of(stream.text)
        changes = tuple(changes)
        self.alone = len(changes) == 1  # what is around it stays as it is
        gone = (change.container.values[change.index] for change in changes if isinstance(change, Remove))
        self._gone_spans = {(node.start, node.end) for node in gone}
        self._gone = sorted(self._gone_spans)
        self._last: Scalar | None = None
        self._edits: list[Edit] = []
        self._habits = Habits(stream.text, stream.roots)
        self._styles: dict[int, Style] = {}

    @property
    def removes(self) -> bool:
        """Whether any change is a removal."""
        return bool(self._gone)

    def is_gone(self, start: int, end: int) -> bool:
        """Whether something of what is between ``start`` and ``end`` is removed."""
        before = bisect_right(self._gone, end, key=lambda span: span[0]) - 1
        return before >= 0 and self._gone[before][1] > start

    def last_left(self, node: Node) -> Node:
        """As ``last_leaf``, but what is removed does not count."""
        while isinstance(node, Mapping | Sequence) and not node.flow:
            left = (one for one in reversed(node.values) if (one.start, one.end) not in self._gone_spans)
            inner = next(left, None)
            if inner is None:
                break
            node = inner
        return node

    def edit(self, start: int, end: int, new: str, rank: int = 0) -> None:
        """``text[start:end]`` is to become ``new``. See ``Edit`` for ``rank``."""
        if new or start < end:
            self._edits.append(Edit(start, end, rank, new))

    def strip(self, last: Scalar) -> None:
        """The text ends with the block scalar ``last``, without a line break. It gets one that is not to be its own."""
        self._last = last

    def style(self, near: Collection | None) -> Style:
        """How the neighbourhood of ``near`` writes."""
        if id(near) not in self._styles:
            self._styles[id(near)] = self._habits.near(near)
        return self._styles[id(near)]

    def spreads(self, container: Collection) -> bool:
        """Whether an empty flow collection that is filled gets a line for each entry: JSON that has lines does."""
        return self.syntax is Syntax.JSON and ("\n" in self.text.strip() or container in self.stream.roots)

    def done(self) -> str:
        """The text with all edits. Raises NotRepresentable where two overlap."""
        if self._last is not None:
            start, end = header_of(self._last, self.text)
            if not any(edit.start < end and start < edit.end for edit in self._edits):
                self.edit(start, end, self.text[start:end].translate(_WITHOUT_CHOMPING) + "-")
        return apply(self.text, self._edits)
