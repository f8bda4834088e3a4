"""Three-way merge of data: what both sides made of one tree of nodes, whatever it looks like as text.

A part (a mapping's value by its key, an item of a list by what ``align`` knows it by) that one side changed is changed;
that both changed to the same too; that both changed differently, or one changed and the other removed, is a conflict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.changes import Replace, Source
from confkeep.documents.merging.entries import merged_entries
from confkeep.documents.merging.items import merged_items
from confkeep.documents.node import Alias, Mapping, Sequence
from confkeep.documents.reading import own_tag

if TYPE_CHECKING:
    from confkeep.documents.changes import Change
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Collection, Node, Stream
    from confkeep.documents.reading import Reading


class Conflict(NamedTuple):
    """Where the sides disagree; None where one has no such part."""

    base: Node | None
    mine: Node | None
    theirs: Node | None


class DataMerge:
    """The merge of three streams with equally many documents.

    ``roots`` are its data: nodes put together from those of the three, which stand in no text. ``changes`` make the
    text of ``theirs`` read so, in the words of ``mine``. Both mean nothing where there are ``conflicts``.
    """

    def __init__(self, base: Stream, mine: Stream, theirs: Stream, reading: Reading, deadline: Deadline) -> None:
        self.reading = reading
        self.changes: list[Change] = []
        self.conflicts: list[Conflict] = []
        self._deadline = deadline
        self._mine_text = mine.text
        self._theirs_text = theirs.text
        self._anchored: dict[Node, Node] = {}  # the merge of each node of theirs that aliases may stand for
        threes = enumerate(zip(base.roots, mine.roots, theirs.roots, strict=True))
        self.roots = [self.merged(*three, None, index) for index, three in threes]

    def same(self, one: Node, other: Node) -> bool:
        """Whether both are the same data."""
        return self.reading.fingerprint(one) == self.reading.fingerprint(other)

    def of_mine(self, node: Node) -> Source:
        """A node of mine, to be taken over."""
        return Source(node, self._mine_text)

    def of_theirs(self, node: Node) -> Source:
        """A node of theirs, to be moved."""
        return Source(node, self._theirs_text)

    def disagree(self, base: Node | None, mine: Node | None, theirs: Node | None) -> None:
        """A conflict."""
        self.conflicts.append(Conflict(base, mine, theirs))

    def merged(self, base: Node, mine: Node, theirs: Node, container: Collection | None, index: int) -> Node:
        """The merge of three values; theirs is ``container.values[index]``, or the root of document ``index``."""
        self._deadline.look()
        if self.same(base, mine) or self.same(mine, theirs):
            found = theirs
        else:
            part = self._alias(mine, theirs) or self._inside(base, mine, theirs)
            found = part or self._whole(base, mine, theirs, container, index)
        if not isinstance(theirs, Alias) and theirs.anchor is not None:
            self._anchored[theirs] = found
        return found

    def _alias(self, mine: Node, theirs: Node) -> Node | None:
        """An alias that both sides kept stands for the merge of what it stood for."""
        if isinstance(mine, Alias) and isinstance(theirs, Alias) and mine.name == theirs.name:
            return self._anchored.get(theirs.target)
        return None

    def _inside(self, base: Node, mine: Node, theirs: Node) -> Node | None:
        """The merge part by part, None where the three are not collections of one kind, or in an order of their own."""
        if isinstance(base, Mapping) and isinstance(mine, Mapping) and isinstance(theirs, Mapping):
            if self.reading.reordered(base, mine):
                return None
            if own_tag(base) == own_tag(mine) == own_tag(theirs):
                return merged_entries(self, base, mine, theirs)
        elif (
            isinstance(base, Sequence)
            and isinstance(mine, Sequence)
            and isinstance(theirs, Sequence)
            and own_tag(base) == own_tag(mine) == own_tag(theirs)
        ):
            return merged_items(self, base, mine, theirs)
        return None

    def _whole(self, base: Node, mine: Node, theirs: Node, container: Collection | None, index: int) -> Node:
        if self.same(base, theirs):
            self.changes.append(Replace(container, index, self.of_mine(mine)))
        else:
            self.disagree(base, mine, theirs)
        return mine
