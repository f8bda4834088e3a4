"""Which items of three lists are the same item, and which of them keep their place."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from confkeep.documents.align import align
from confkeep.documents.matching import rising
from confkeep.documents.merging.names import are_different_items

if TYPE_CHECKING:
    from confkeep.documents.node import Sequence
    from confkeep.documents.reading import Reading


class Pairing:
    """Items by their indexes in ``base``, ``mine`` and ``theirs``.

    The items of the base that both sides have, less those that have to move for the sides to agree on an order, are
    fixed. They divide each list into as many gaps, and one more: a gap of one list is the same place in the others.
    """

    def __init__(self, base: Sequence, mine: Sequence, theirs: Sequence, reading: Reading) -> None:
        self.base_of_mine = _pairs(base, mine, reading)
        self.base_of_theirs = _pairs(base, theirs, reading)
        self.mine_of_base = {b: m for m, b in self.base_of_mine.items()}
        theirs_of_base = {b: t for t, b in self.base_of_theirs.items()}
        by_mine = [b for b in self.base_of_mine.values() if b in theirs_of_base]
        by_theirs = [b for b in self.base_of_theirs.values() if b in self.mine_of_base]
        #: Of those that both have, in the order of mine, where theirs has them.
        self.common = [theirs_of_base[b] for b in by_mine]
        self.moved_by_mine = by_mine != sorted(by_mine)
        self.moved_by_theirs = by_theirs != sorted(by_theirs)
        self.same_order = by_mine == by_theirs
        stay = rising(self.common)
        self.fixed = [self.common[n] for n in stay]
        self._fixed_in_mine = [self.mine_of_base[by_mine[n]] for n in stay]
        self._gap_behind = {by_mine[n]: gap for gap, n in enumerate(stay, 1)}
        self.lost_in_both = set(range(len(base.values))) - self.mine_of_base.keys() - theirs_of_base.keys()

    def gap_of_mine(self, index: int) -> int:
        """The gap in which an item of mine stands, the one before it for a fixed one."""
        return bisect_left(self._fixed_in_mine, index)

    def gap_of_theirs(self, index: int) -> int:
        """The same of theirs."""
        return bisect_left(self.fixed, index)

    def gaps_of_lost(self) -> dict[int, int]:
        """The gaps out of which both sides took something, and an index of it in the base."""
        if not self.lost_in_both:
            return {}
        found: dict[int, int] = {}
        gap = 0
        for index in range(max(self.lost_in_both) + 1):
            gap = self._gap_behind.get(index, gap)
            if index in self.lost_in_both:
                found[gap] = index
        return found


def _pairs(base: Sequence, side: Sequence, reading: Reading) -> dict[int, int]:
    """Index of the side to index of the base, in the order of the side."""
    return {
        at: index
        for index, at in align(base, side, reading)
        if index is not None
        and at is not None
        and not are_different_items(base.values[index], side.values[at], reading)
    }
