"""What two sequences have in common, in the order of both: the ground of every diff and merge here.

Found by patience (the elements that each side has once: Bram Cohen's diff), between those by Myers's shortest edit
("An O(ND) Difference Algorithm and Its Variations", Algorithmica 1986). Work is bounded: a stretch of repeated elements
that would cost more than ``_STEPS`` counts as wholly different, which is coarser and still right.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

#: Where a common run begins in the old and in the new sequence, and its length.
Block: TypeAlias = tuple[int, int, int]

#: Steps of Myers's search over one whole comparison: some 0.3 s.
_STEPS: Final = 1_000_000
#: Between its unique elements a stretch is looked at again, with what is unique there; each level costs one pass.
_LEVELS: Final = 16


def matching(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Block]:
    """The common runs of ``old`` and ``new``, none touching the next on both sides."""
    search = _Search(old, new)
    search.match(list(range(len(old))), list(range(len(new))), _LEVELS)
    blocks: list[Block] = []
    start_old = start_new = length = 0
    for at_old, at_new in search.pairs:
        if length and at_old == start_old + length and at_new == start_new + length:
            length += 1
            continue
        if length:
            blocks.append((start_old, start_new, length))
        start_old, start_new, length = at_old, at_new, 1
    if length:
        blocks.append((start_old, start_new, length))
    return blocks


class _Search:
    """``pairs`` grows in the order of both sequences."""

    def __init__(self, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
        self.old = old
        self.new = new
        self.pairs: list[tuple[int, int]] = []
        self.steps = _STEPS

    def match(self, olds: list[int], news: list[int], levels: int) -> None:
        """Pair what the elements at ``olds`` and ``news`` have in common."""
        old, new = self.old, self.new
        first = 0
        last = min(len(olds), len(news))
        while first < last and old[olds[first]] == new[news[first]]:
            first += 1
        ends = 0
        while ends < last - first and old[olds[-1 - ends]] == new[news[-1 - ends]]:
            ends += 1
        self.pairs += zip(olds[:first], news[:first], strict=True)
        self._match_trimmed(olds[first : len(olds) - ends], news[first : len(news) - ends], levels)
        self.pairs += zip(olds[len(olds) - ends :], news[len(news) - ends :], strict=True)

    def _match_trimmed(self, olds: list[int], news: list[int], levels: int) -> None:
        # An element of one side only is in no common run: without them nothing is lost and much is saved.
        both = {self.old[at] for at in olds} & {self.new[at] for at in news}
        olds = [at for at in olds if self.old[at] in both]
        news = [at for at in news if self.new[at] in both]
        if not both:
            return
        anchors = self._unique(olds, news) if levels else []
        if not anchors:
            self._shortest(olds, news)
            return
        from_old = from_new = 0
        for at_old, at_new in anchors:
            self.match(olds[from_old:at_old], news[from_new:at_new], levels - 1)
            self.pairs.append((olds[at_old], news[at_new]))
            from_old, from_new = at_old + 1, at_new + 1
        self.match(olds[from_old:], news[from_new:], levels - 1)

    def _unique(self, olds: list[int], news: list[int]) -> list[tuple[int, int]]:
        """Positions of what is there once on each side, as many as are in the same order."""
        times_old = Counter(self.old[at] for at in olds)
        times_new = Counter(self.new[at] for at in news)
        where = {self.new[at]: n for n, at in enumerate(news) if times_new[self.new[at]] == 1}
        pairs = [
            (n, where[self.old[at]])
            for n, at in enumerate(olds)
            if times_old[self.old[at]] == 1 and self.old[at] in where
        ]
        return [pairs[n] for n in rising([at_new for _, at_new in pairs])]

    def _shortest(self, olds: list[int], news: list[int]) -> None:
        """Myers's forward search; what it reached at each distance is kept for the way back."""
        a = [self.old[at] for at in olds]
        b = [self.new[at] for at in news]
        end_a, end_b = len(a), len(b)
        reached = [0, 0, 0]  # by diagonal -distance-1 … distance+1
        ways: list[list[int]] = []
        for distance in range(end_a + end_b + 1):
            ways.append(reached)
            further = [0] * (2 * distance + 5)
            for diagonal in range(-distance, distance + 1, 2):
                at = diagonal + distance + 1
                down = diagonal == -distance or (diagonal != distance and reached[at - 1] < reached[at + 1])
                x = start = reached[at + 1] if down else reached[at - 1] + 1
                y = x - diagonal
                while x < end_a and y < end_b and a[x] == b[y]:
                    x += 1
                    y += 1
                self.steps -= 1 + x - start
                further[at + 1] = x
                if (x, y) == (end_a, end_b):
                    self._walk_back(ways, diagonal, olds, news)
                    return
            if self.steps < 0:
                return
            reached = further

    def _walk_back(self, ways: list[list[int]], diagonal: int, olds: list[int], news: list[int]) -> None:
        found: list[tuple[int, int]] = []
        x, y = len(olds), len(news)
        for distance in range(len(ways) - 1, -1, -1):
            reached = ways[distance]
            at = diagonal + distance + 1
            if distance == 0:
                start_x = start_y = 0
            elif diagonal == -distance or (diagonal != distance and reached[at - 1] < reached[at + 1]):
                diagonal += 1
                start_x = reached[at + 1]
                start_y = start_x - diagonal
            else:
                diagonal -= 1
                start_x = reached[at - 1]
                start_y = start_x - diagonal
            common = min(x - start_x, y - start_y)
            found += ((olds[x - n], news[y - n]) for n in range(1, common + 1))
            x, y = start_x, start_y
        self.pairs += reversed(found)


def rising(numbers: Sequence[int]) -> list[int]:
    """The positions of a longest rising subsequence of ``numbers``, which are all different."""
    ends: list[int] = []  # the smallest end of a run of each length
    at: list[int] = []
    before: list[int] = []
    for n, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(at[length - 1] if length else -1)
        ends[length : length + 1] = [number]
        at[length : length + 1] = [n]
    found: list[int] = []
    n = at[-1] if at else -1
    while n >= 0:
        found.append(n)
        n = before[n]
    return found[::-1]
