"""A value in block context becomes another one: on the line of its key or dash, on lines below, or both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.node import Scalar, Sequence
from confkeep.documents.splicing.extent import (
    Entries,
    content_end,
    content_start,
    has_properties,
    header_of,
    is_block,
    is_block_scalar,
    properties_end,
)
from confkeep.documents.splicing.lines import column, is_first, line_end
from confkeep.documents.splicing.literal import needs_break
from confkeep.documents.splicing.news import block_entry, node_for, written_value
from confkeep.documents.yaml.emit import Emitter, Place, Written

if TYPE_CHECKING:
    from confkeep.documents.changes import New
    from confkeep.documents.node import Collection, Node
    from confkeep.documents.splicing.draft import Draft
    from confkeep.documents.splicing.group import Group


class Filled(NamedTuple):
    """The entries that an empty collection gets."""

    group: Group


class Gap(NamedTuple):
    """The first line takes the place from ``start`` to ``end``, the others that from ``below`` to ``below_end``."""

    start: int
    end: int
    below: int
    below_end: int


class Slot:
    """Where a value stands: value ``index`` of a block collection, or root ``index`` (no container)."""

    def __init__(self, draft: Draft, container: Collection | None, index: int, depth: int) -> None:
        self.draft = draft
        self.text = draft.text
        self.container = container
        self.index = index
        self.rank = -2 * depth - 1
        self.node: Node = draft.stream.roots[index] if container is None else container.values[index]
        self.column = -1
        self.head: int | None = None
        if container is not None:
            entries = Entries(self.text, container, draft.syntax)
            self.column = column(self.text, entries.start(0))
            self.head = entries.head(index)

    def put(self, new: New | Filled) -> None:
        """Write ``new`` for the value. Its anchor stays, its tag goes; both stay where an empty one is filled."""
        node, text = self.node, self.text
        filling = isinstance(new, Filled)
        start = content_start(node, text) if filling else node.start
        anchor = "" if filling or getattr(node, "anchor", None) is None else f"&{node.anchor}"  # type: ignore[union-attr]
        if self.container is not None and self.head is None:
            self._put_behind_key(new)
        elif is_block(node):
            self._put_for_block(new, anchor)
        elif isinstance(node, Scalar) and is_block_scalar(node):
            end = content_end(node, text)
            self._put(new, anchor, Gap(start, header_of(node, text)[1], line_end(text, start), end))
        elif node.start == node.end and self.container is None and not isinstance(new, Filled):
            put_root(self.draft, new, node.start)
        else:
            end = line_end(text, node.end)
            self._put(new, anchor, Gap(start, node.end, end, end))

    def _put(self, new: New | Filled, anchor: str, gap: Gap) -> None:
        text, newline = self.text, self.draft.newline
        start, end, below, below_end = gap
        spaced = start > 0 and text[start - 1] not in " \t\n"
        commented = bool(text[end:below].strip())
        place = self._place(column(text, start) + spaced, start)._replace(properties=anchor, commented=commented)
        node, (first, rest) = self._written(new, place, below_end)
        if first:
            first = " " + first if spaced else first
        else:
            floor = self.head or 0
            while start > floor and text[start - 1] in " \t":
                start -= 1
            if self.head is not None and "\n" in text[self.head : start]:
                start, end = line_end(text, self.head), below
        if rest and not text[end:below].strip(" \t"):
            end = max(end, below)  # a tab behind a dash or a colon would be an error
        lines = "".join(newline + line for line in rest)
        ending = newline if needs_break(text, below_end, node, rest) else ""
        self.draft.edit(start, end, first, self.rank)
        self.draft.edit(below, below_end, lines + ending, self.rank)

    def _written(self, new: New | Filled, place: Place, end: int) -> tuple[Node, Written]:
        if not isinstance(new, Filled):
            return written_value(self.draft, new, self.container, place, end, self.node)
        container = new.group.container
        column = Emitter(self.draft.style(self.container)).column_at(container, place)
        changes = [change for _, some in sorted(new.group.inserted.items()) for change in some]
        lines = [line for change in changes for line in block_entry(self.draft, change, column, end).indented(column)]
        if place.below or has_properties(container):
            written = Written("", lines)
        else:
            written = Written(lines[0][column:], lines[1:])
        return node_for(self.draft, changes[-1].new, container), written

    def _place(self, here: int, start: int) -> Place:
        """Behind a dash, or at the start of a root's line, a block collection may begin in column ``here``."""
        if self.container is None:
            return Place(-1, here, below=False) if is_first(self.text, start) else Place(-1)
        if not isinstance(self.container, Sequence):
            return Place(self.column)
        if self.head is None or "\n" in self.text[self.head : start]:
            return Place(self.column, self.column + 2)
        return Place(self.column, here, below=False)

    def _put_for_block(self, new: New | Filled, anchor: str) -> None:
        node, text = self.node, self.text
        start = node.start
        end = self.draft.syntax.tail(text, content_end(node, text), max(self.column, 0))
        head_line = self.head if self.head is not None else start
        content = content_start(node, text)
        if line_end(text, head_line) >= content or (self.head is None and is_first(text, start)):
            first_end = line_end(text, start)
            self._put(new, anchor, Gap(start, first_end, first_end, end))
            return
        behind = properties_end(node, text)
        below = line_end(text, head_line)
        if start < behind and start < below:
            self._put(new, anchor, Gap(start, behind, line_end(text, behind), end))
        else:
            self._put(new, anchor, Gap(head_line, head_line, below, end))

    def _put_behind_key(self, new: New | Filled) -> None:
        """``? key`` gets a value."""
        at = self.node.end
        _, (first, rest) = self._written(new, Place(self.column), at)
        newline = self.draft.newline
        text = newline + " " * self.column + (": " + first).rstrip() + "".join(newline + line for line in rest)
        at = line_end(self.text, at)
        self.draft.edit(at, at, text, self.rank)


def put_root(draft: Draft, new: New, at: int) -> None:
    """Write a root where there is none, but a marker or comments above."""
    text, newline = draft.text, draft.newline
    _, (first, rest) = written_value(draft, new, None, Place(-1, 0, below=False), len(text))
    before = newline if at and text[at - 1] != "\n" else ""
    draft.edit(at, at, before + newline.join([first, *rest]) + newline)
