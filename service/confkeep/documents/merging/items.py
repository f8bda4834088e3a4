"""The merge of three lists, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.changes import Insert, Remove
from confkeep.documents.merging.names import names_of
from confkeep.documents.merging.pairing import Pairing
from confkeep.documents.node import Sequence

if TYPE_CHECKING:
    from confkeep.documents.changes import New
    from confkeep.documents.merging.data import DataMerge
    from confkeep.documents.node import Node


def merged_items(way: DataMerge, base: Sequence, mine: Sequence, theirs: Sequence) -> Sequence:
    """The merge, in theirs' order but for what mine has moved or put there; in one place theirs come first, then mine.

    A list that both sides ordered anew, and not alike, is a conflict. So is one item replaced by two different ones,
    and two new ones that are not the same but have one name.
    """
    pairing = Pairing(base, mine, theirs, way.reading)
    if pairing.moved_by_mine and pairing.moved_by_theirs and not pairing.same_order:
        way.disagree(base, mine, theirs)
        return theirs
    return _Items(way, base, mine, theirs, pairing).merge()


class _Items:
    def __init__(self, way: DataMerge, base: Sequence, mine: Sequence, theirs: Sequence, pairing: Pairing) -> None:
        self._way = way
        self._base, self._mine, self._theirs = base, mine, theirs
        self._pairing = pairing
        moves = pairing.moved_by_mine and not pairing.moved_by_theirs
        self._moved = set(pairing.common).difference(pairing.fixed) if moves else set[int]()
        self._freed: dict[int, int] = {}  # by gap: the first place in theirs that mine has cleared
        self._inserted: dict[int, list[Node]] = {}  # by the index in theirs before which they come

    def merge(self) -> Sequence:
        stay = {index: self._theirs_item(index) for index in range(len(self._theirs.values))}
        self._insert()
        self._look_at_removed()
        merge = Sequence(self._theirs.start, self._theirs.end, self._theirs.flow, self._theirs.tag, self._theirs.anchor)
        for index in range(len(self._theirs.values) + 1):
            merge.values += self._inserted.get(index, ())
            item = stay.get(index)
            if item is not None:
                merge.values.append(item)
        return merge

    def _theirs_item(self, index: int) -> Node | None:
        """What becomes of an item of theirs where it stands; None when it goes."""
        way, item = self._way, self._theirs.values[index]
        at_base = self._pairing.base_of_theirs.get(index)
        if at_base is None:
            return item
        at_mine = self._pairing.mine_of_base.get(at_base)
        if at_mine is not None and index not in self._moved:
            return way.merged(self._base.values[at_base], self._mine.values[at_mine], item, self._theirs, index)
        if at_mine is None and not way.same(self._base.values[at_base], item):
            way.disagree(self._base.values[at_base], None, item)
        if at_mine is None:
            self._freed.setdefault(self._pairing.gap_of_theirs(index), index)
        way.changes.append(Remove(self._theirs, index))
        return None

    def _insert(self) -> None:
        """What mine has put there, and what it has moved, in its order; at the place of what it took from there."""
        theirs_of_base = {b: t for t, b in self._pairing.base_of_theirs.items()}
        new = self._new_of_mine()
        # What mine put before something that theirs took away comes before what theirs put at that place.
        pairs = self._pairing.base_of_mine.items()
        taken = {self._pairing.gap_of_mine(m): m for m, b in pairs if b not in theirs_of_base}
        for index, item in enumerate(self._mine.values):
            at_base = self._pairing.base_of_mine.get(index)
            at_theirs = None if at_base is None else theirs_of_base.get(at_base)
            gap = self._pairing.gap_of_mine(index)
            if index in new:
                self._put(gap, item, self._way.of_mine(item), first=index < taken.get(gap, 0))
            elif at_base is not None and at_theirs in self._moved:
                node, source = self._moved_item(self._base.values[at_base], item, self._theirs.values[at_theirs])
                self._put(gap, node, source)

    def _put(self, gap: int, node: Node, source: New, *, first: bool = False) -> None:
        fixed = self._pairing.fixed
        before = self._freed.get(gap, fixed[gap] if gap < len(fixed) else len(self._theirs.values))
        if first:
            before = fixed[gap - 1] + 1 if gap else 0
        self._inserted.setdefault(before, []).append(node)
        self._way.changes.append(Insert(self._theirs, before, source))

    def _moved_item(self, base: Node, mine: Node, theirs: Node) -> tuple[Node, New]:
        """The one that was changed, if any."""
        way = self._way
        if way.same(base, mine) or way.same(mine, theirs):
            return theirs, way.of_theirs(theirs)
        if not way.same(base, theirs):
            way.disagree(base, mine, theirs)
        return mine, way.of_mine(mine)

    def _look_at_removed(self) -> None:
        """What theirs removed must be as it was in mine."""
        kept = set(self._pairing.base_of_theirs.values())
        for index, at_base in self._pairing.base_of_mine.items():
            if at_base not in kept and not self._way.same(self._base.values[at_base], self._mine.values[index]):
                self._way.disagree(self._base.values[at_base], self._mine.values[index], None)

    def _new_of_mine(self) -> set[int]:
        """The items that only mine has put there: not those that theirs has put at the same place too."""
        pairing, reading = self._pairing, self._way.reading
        waiting: dict[tuple[int, int], list[int]] = {}
        for index, item in enumerate(self._theirs.values):
            if index not in pairing.base_of_theirs:
                waiting.setdefault((pairing.gap_of_theirs(index), reading.fingerprint(item)), []).append(index)
        new: set[int] = set()
        for index, item in enumerate(self._mine.values):
            if index in pairing.base_of_mine:
                continue
            twins = waiting.get((pairing.gap_of_mine(index), reading.fingerprint(item)))
            if twins:
                twins.pop()
            else:
                new.add(index)
        self._compare_new(new, sorted(index for twins in waiting.values() for index in twins))
        return new

    def _compare_new(self, of_mine: set[int], of_theirs: list[int]) -> None:
        """Say where new items of the two sides contradict each other."""
        pairing, reading = self._pairing, self._way.reading
        lost = pairing.gaps_of_lost()
        named: dict[tuple[str, int], int] = {}
        in_gap: dict[int, int] = {}
        for index in of_theirs:
            in_gap.setdefault(pairing.gap_of_theirs(index), index)
            named |= dict.fromkeys(names_of(self._theirs.values[index], reading), index)
        for index in sorted(of_mine):
            item = self._mine.values[index]
            gap = pairing.gap_of_mine(index)
            rivals = [named[name] for name in names_of(item, reading) if name in named]
            if rivals:
                self._way.disagree(None, item, self._theirs.values[min(rivals)])
            elif gap in lost and gap in in_gap:
                self._way.disagree(self._base.values[lost[gap]], item, self._theirs.values[in_gap[gap]])
