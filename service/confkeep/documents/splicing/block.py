"""Inserts, adds and removals in a block collection of YAML."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from confkeep.documents.node import Scalar
from confkeep.documents.splicing.extent import Entries, is_block_scalar, keeps_breaks, last_leaf
from confkeep.documents.splicing.lines import (
    blank_end,
    blank_start,
    column,
    is_first,
    line_end,
    line_start,
    next_line,
    opens_document,
)
from confkeep.documents.splicing.news import block_entry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.documents.changes import Add, Insert
    from confkeep.documents.splicing.draft import Draft
    from confkeep.documents.splicing.group import Group


class BlockEntries:
    """The entries of one block collection, ``depth`` collections below the root, and what is to become of them."""

    def __init__(self, draft: Draft, group: Group, depth: int) -> None:
        self.draft = draft
        self.text = draft.text
        self.container = group.container
        self.group = group
        self.rank = -2 * depth
        self.entries = Entries(draft.text, group.container, draft.syntax)
        self._leads: dict[int, int] = {}
        self.pulls_up = False  # the first entry that stays takes the place of the first one, behind a dash
        self.column = column(draft.text, self.entries.start(0))

    def change(self) -> None:
        """Make the edits. At least one entry stays, or comes."""
        stays = [index for index in range(len(self.container.values)) if index not in self.group.removed]
        if not stays:
            self._exchange_all()
            return
        self._remove(stays[0])
        self._insert(stays)

    def _insert(self, stays: list[int]) -> None:
        for index, changes in sorted(self.group.inserted.items()):
            above = bisect_left(stays, index)
            for change in changes:
                if above:
                    self._insert_behind(stays[above - 1], change)
                else:
                    self._insert_in_front(stays[0], change)

    def _insert_behind(self, index: int, change: Insert | Add) -> None:
        at = self.tail(index)
        leaf = last_leaf(self.container.values[index])
        if at == len(self.text) and isinstance(leaf, Scalar) and is_block_scalar(leaf):
            self.draft.strip(leaf)
        block = block_entry(self.draft, change, self.column, at)
        newline = self.draft.newline
        front = newline * (2 if self._is_spaced(index) else 1) + " " * self.column
        self.draft.edit(at, at, front + block.join(newline), self.rank)

    def _is_spaced(self, index: int) -> bool:
        """Whether a blank line stands between an entry and the next one, or before the last one."""
        first = min(index, len(self.container.values) - 2)
        if first < 0 or self._keeps_breaks(index):
            return False
        below = next_line(self.text, self.tail(first))
        return below < len(self.text) and line_end(self.text, below) == below

    def _insert_in_front(self, index: int, change: Insert | Add) -> None:
        start = self.entries.start(index)
        block = block_entry(self.draft, change, self.column, line_start(self.text, start) - 1)
        spaced = self._is_spaced(index) and bool(block.lines[-1].strip())  # lines may belong to a block scalar
        text = block.join(self.draft.newline) + self.draft.newline * (2 if spaced else 1)
        indent = " " * self.column
        if (index or self._is_own_line()) and not self.pulls_up:
            at = self.lead(index)
            self.draft.edit(at, at, indent + text, self.rank)
        else:
            self.draft.edit(start, start, text + indent, -self.rank)

    def _remove(self, first_kept: int) -> None:
        removed = self.group.removed
        if 0 in removed and not self._is_own_line():
            removed = removed - self._remove_compact(first_kept)
        self._remove_lines(sorted(removed))

    def _remove_lines(self, indices: Iterable[int]) -> None:
        spans: list[tuple[int, int]] = []
        keeps = False  # whether blank lines belong to the last value above that stays
        for index in indices:
            if index and index - 1 not in self.group.removed:
                keeps = self._keeps_breaks(index - 1)
            start, end = self._lines_of(index, keeps=keeps)
            if spans and next_line(self.text, spans[-1][1]) >= start:
                start = spans.pop()[0]
            spans.append((start, end))
        for start, end in spans:
            self._remove_span(start, end)

    def _lines_of(self, index: int, *, keeps: bool) -> tuple[int, int]:
        """From the first to the last line of an entry; of blank lines on both sides, those on one side go with it."""
        start, end = self.lead(index), self.tail(index)
        if keeps:
            return start, blank_end(self.text, end)  # those below would become part of the value above
        if index and (below := next_line(self.text, end)) <= len(self.text) and line_end(self.text, below) == below:
            # Those that a block scalar above keeps (``|+``) are its own, also when it goes.
            start = max(blank_start(self.text, start), next_line(self.text, self.tail(index - 1)))
        return start, end

    def _keeps_breaks(self, index: int) -> bool:
        return keeps_breaks(self.draft.last_left(self.container.values[index]), self.text)

    def _remove_span(self, start: int, end: int) -> None:
        """Lines go with the break in front of them, so that others may write behind the last one."""
        if end == len(self.text):
            self.draft.edit(start, end, "", self.rank)
        elif start == 0:
            self.draft.edit(0, next_line(self.text, end), "", self.rank)
        else:
            self.draft.edit(line_end(self.text, line_start(self.text, start - 1)), end, "", self.rank)

    def _remove_compact(self, first_kept: int) -> set[int]:
        """``- a: 1`` loses its first entry: the first one that stays moves up, unless comments keep their place."""
        start = self.entries.start(0)
        if self._only_removed_above(first_kept):
            self.pulls_up = True
            self.draft.edit(start, self.entries.start(first_kept), "", self.rank)
            return set(range(first_kept))
        while self.text[start - 1] in " \t":
            start -= 1
        self.draft.edit(start, self.tail(0), "", self.rank)
        return {0}

    def _only_removed_above(self, first_kept: int) -> bool:
        at = self.tail(0)
        for index in range(1, first_kept):
            if self.text[at : self.lead(index)].strip():
                return False
            at = self.tail(index)
        return not self.text[at : self.entries.start(first_kept)].strip()

    def _exchange_all(self) -> None:
        """No entry stays: the new ones take the place of the first one."""
        changes = [change for _, some in sorted(self.group.inserted.items()) for change in some]
        # What stood between several entries will be below the new ones: no block scalar may end there.
        at = self.tail(0) if len(self.container.values) == 1 else None
        blocks = [block_entry(self.draft, change, self.column, at) for change in changes]
        indent = self.draft.newline + " " * self.column
        self.put_in_place(indent.join(block.join(self.draft.newline) for block in blocks))

    def put_in_place(self, text: str) -> None:
        """All entries go, ``text`` comes where the first one begins."""
        start = self.entries.start(0)
        self.draft.edit(start, self.tail(0), text, self.rank)
        if self._is_own_line():
            self.draft.edit(self.lead(0), line_start(self.text, start), "", self.rank)
        self._remove_lines(range(1, len(self.container.values)))

    def clear(self) -> None:
        """All entries go."""
        self._remove_lines(range(len(self.container.values)))

    def tail(self, index: int) -> int:
        """The end of the last line that belongs to an entry, comments included."""
        return self.draft.syntax.tail(self.text, self.entries.end(index), self.column)

    def lead(self, index: int) -> int:
        """Where the first line that belongs to an entry begins.

        Comments directly above belong to it, but not those that begin a document: they are about all of it.
        """
        if index not in self._leads:  # of many inserts in front of one entry, each asks
            self._leads[index] = self._lead(index)
        return self._leads[index]

    def _lead(self, index: int) -> int:
        start = self.entries.start(index)
        at = self.draft.syntax.lead(self.text, start, self.entries.end(index - 1) if index else 0)
        return line_start(self.text, start) if index == 0 and opens_document(self.text, at) else at

    def _is_own_line(self) -> bool:
        return is_first(self.text, self.entries.start(0))
