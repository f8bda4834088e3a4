"""Three-way merge line by line (diff3): what both sides made of the lines of a base."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.hunks import hunks, lines_of
from confkeep.documents.merging.markers import conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from confkeep.documents.hunks import Hunk
    from confkeep.documents.merging.markers import Labels


class Lines(NamedTuple):
    """The lines from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class Region(NamedTuple):
    """The same place in all three, and what each side changed there."""

    base: Lines
    mine: Lines
    theirs: Lines
    by_mine: Sequence[Hunk]
    by_theirs: Sequence[Hunk]


class LineMerge:
    """The lines of the three, and where each side differs from the base."""

    def __init__(self, base: bytes, mine: bytes, theirs: bytes) -> None:
        self.base, self.mine, self.theirs = lines_of(base), lines_of(mine), lines_of(theirs)
        self.by_mine = hunks(self.base, self.mine)
        self.by_theirs = hunks(self.base, self.theirs)

    def favouring_theirs(self) -> tuple[bytes, int]:
        """Both sides' changes, theirs alone where they overlap; and how many places there are where they touch.

        Where they only touch, nothing says that both together are right: insertions at one place are theirs, then mine.
        """
        return self._written((), lambda region: self._both(region, self._of_theirs(region)))

    def favouring_mine(self) -> tuple[bytes, int]:
        """The same with mine where they overlap."""
        return self._written((), lambda region: self._both(region, self._of_mine(region)))

    def marked(self, labels: Labels, together: Sequence[Lines] = ()) -> tuple[bytes, int]:
        """Both sides' changes, marked where they touch each other; and how many such places there are.

        ``together``: lines of the base within which everything that the sides changed counts as touching.
        """
        first = [side[0] for side in (self.mine, self.theirs, self.base) if side and side[0].endswith(b"\n")]
        newline = b"\r\n" if first and all(line.endswith(b"\r\n") for line in first) else b"\n"

        def marked(region: Region) -> list[bytes]:
            base, mine, theirs = self.base[slice(*region.base)], self._of_mine(region), self._of_theirs(region)
            return conflict(base, mine, theirs, labels, newline)

        return self._written(together, marked)

    def changed(self) -> Lines:
        """The lines of the base from the first to the last that a side has changed."""
        both = self.by_mine + self.by_theirs
        return Lines(min(hunk.old_start for hunk in both), max(hunk.old_end for hunk in both))

    def before_mine(self, lines: Lines) -> Lines:
        """Where lines of mine come from: the lines of the base that are, or became, these."""
        return _before(lines, self.by_mine)

    def before_theirs(self, lines: Lines) -> Lines:
        """The same for lines of theirs."""
        return _before(lines, self.by_theirs)

    def _written(self, together: Sequence[Lines], conflicting: Callable[[Region], list[bytes]]) -> tuple[bytes, int]:
        parts: list[bytes] = []
        conflicts = at = 0
        for region in regions(self.by_mine, self.by_theirs, together):
            mine, theirs = self._of_mine(region), self._of_theirs(region)
            parts += self.base[at : region.base.start]
            if not region.by_theirs or mine == theirs:
                parts += mine
            elif not region.by_mine:
                parts += theirs
            else:
                parts += conflicting(region)
                conflicts += 1
            at = region.base.end
        return b"".join([*parts, *self.base[at:]]), conflicts

    def _both(self, region: Region, otherwise: list[bytes]) -> list[bytes]:
        """The changes of both sides, the same ones once; ``otherwise`` where they overlap."""
        changes = {(hunk.old_start, hunk.old_end, 0, _lines_of(self.theirs, hunk)) for hunk in region.by_theirs}
        of_mine = {(hunk.old_start, hunk.old_end, 1, _lines_of(self.mine, hunk)) for hunk in region.by_mine}
        changes |= {change for change in of_mine if (*change[:2], 0, change[3]) not in changes}
        parts: list[bytes] = []
        at = region.base.start
        for start, end, _, lines in sorted(changes):
            if start < at:
                return otherwise
            parts += (*self.base[at:start], *lines)
            at = end
        return [*parts, *self.base[at : region.base.end]]

    def _of_mine(self, region: Region) -> list[bytes]:
        return self.mine[slice(*region.mine)]

    def _of_theirs(self, region: Region) -> list[bytes]:
        return self.theirs[slice(*region.theirs)]


def regions(by_mine: Sequence[Hunk], by_theirs: Sequence[Hunk], together: Sequence[Lines] = ()) -> Iterator[Region]:
    """Where something changed, in order; changes that touch each other, or lie in ``together``, are one region.

    Touching is enough, as in git: with nothing between them, nobody knows which of two insertions comes first.
    """
    mine, theirs = _Side(by_mine), _Side(by_theirs)
    for span in _spans([Lines(hunk.old_start, hunk.old_end) for hunk in (*by_mine, *by_theirs)], together):
        in_mine, hunks_of_mine = mine.lines(span)
        in_theirs, hunks_of_theirs = theirs.lines(span)
        if hunks_of_mine or hunks_of_theirs:
            yield Region(span, in_mine, in_theirs, hunks_of_mine, hunks_of_theirs)


def _spans(changes: list[Lines], together: Sequence[Lines]) -> Iterator[Lines]:
    start = end = -1
    for span in sorted([*changes, *together]):
        if span.start > end:
            if end >= 0:
                yield Lines(start, end)
            start = span.start
        end = max(end, span.end)
    if end >= 0:
        yield Lines(start, end)


class _Side:
    """Goes through the hunks of one side, span by span of the base."""

    def __init__(self, changes: Sequence[Hunk]) -> None:
        self._changes = changes
        self._next = 0
        self._shift = 0

    def lines(self, span: Lines) -> tuple[Lines, Sequence[Hunk]]:
        """What became of ``span``, and by which changes."""
        start = span.start + self._shift
        first = self._next
        while self._next < len(self._changes) and self._changes[self._next].old_end <= span.end:
            self._shift = self._changes[self._next].new_end - self._changes[self._next].old_end
            self._next += 1
        return Lines(start, span.end + self._shift), self._changes[first : self._next]


def _lines_of(side: Sequence[bytes], hunk: Hunk) -> tuple[bytes, ...]:
    return tuple(side[hunk.new_start : hunk.new_end])


def _before(lines: Lines, changes: Sequence[Hunk]) -> Lines:
    first = bisect_right(changes, lines.start, key=lambda hunk: hunk.new_start) - 1
    last = bisect_right(changes, lines.end, key=lambda hunk: hunk.new_start) - 1
    start, end = lines
    if first >= 0:
        hunk = changes[first]
        start = hunk.old_start if start < hunk.new_end else hunk.old_end + start - hunk.new_end
    if last >= 0:
        hunk = changes[last]
        end = max(hunk.old_end, hunk.old_end + end - hunk.new_end)
    return Lines(min(start, end), end)
