"""Changes of a collection in brackets: YAML's flow style, all of JSON."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from confkeep.documents.node import Mapping
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.extent import Entries, content_start
from confkeep.documents.splicing.json_text import Lines
from confkeep.documents.splicing.lines import is_first, line_end, line_start, margin
from confkeep.documents.splicing.news import flow_entry, flow_value

if TYPE_CHECKING:
    from confkeep.documents.changes import Add, Insert, New
    from confkeep.documents.splicing.draft import Draft
    from confkeep.documents.splicing.group import Group


class FlowEntries:
    """The entries of one flow collection, ``depth`` collections below the root, and what is to become of them.

    Which commas stand between those that stay and those that come is decided first, then each is removed or written.
    """

    def __init__(self, draft: Draft, group: Group, depth: int) -> None:
        self.draft = draft
        self.text = draft.text
        self.group = group
        self.container = group.container
        self.rank = -2 * depth
        self.entries = Entries(draft.text, group.container, draft.syntax)
        self.count = len(group.container.values)
        self.bracket = content_start(group.container, draft.text)
        self.lines = self._lines()  # of the entries, where each has lines of its own
        self.gap = self._gap()

    def change(self) -> None:
        """Make the edits."""
        for index, new in self.group.replaced.items():
            self._replace(index, new)
        if not self.group.inserted and not self.group.removed:
            return
        if self.text[self.bracket] not in "[{":
            self._put_braces()
            return
        stays = [index for index in range(self.count) if index not in self.group.removed]
        if stays:
            self._put_commas(stays)
            for index in self.group.removed:
                self._remove(index, stays[0])
            self._insert(stays)
        else:
            self._fill()

    def _put_braces(self) -> None:
        """The mapping of one entry in ``[key: value]`` has none: it gets some with its second entry, or without any."""
        start, end = self.entries.start(0), self.entries.end(0)
        front, behind = (
            [flow_entry(self.draft, change, None) for change in self.group.inserted.get(index, ())] for index in (0, 1)
        )
        if self.group.removed:
            self.draft.edit(start, end, "{" + ", ".join(front + behind) + "}", self.rank)
            return
        space = " " if self.text[end - 1] == ":" else ""
        self.draft.edit(start, start, "{" + "".join(text + ", " for text in front), self.rank)
        self.draft.edit(end, end, space + "".join(", " + text for text in behind) + "}", self.rank)

    def _replace(self, index: int, new: New) -> None:
        node = self.container.values[index]
        text = flow_value(self.draft, new, self.container, self.lines, node, gap=self.gap)
        if isinstance(self.container, Mapping) and node.start == node.end:
            if self.entries.head(index) is None:
                text = ": " + text
            elif self.text[node.start - 1] not in " \t":
                text = " " + text
        end = node.end
        if node.start == end and (comma := self._comma(index)) and not self.text[end:comma].strip(" "):
            end = comma
        self.draft.edit(node.start, end, text, self.rank - 1)

    def _comma(self, index: int) -> int | None:
        """Where the comma behind an entry is."""
        at = self.draft.syntax.skip(self.text, self.entries.end(index))
        return at if self.text.startswith(",", at) else None

    def _put_commas(self, stays: list[int]) -> None:
        """A comma behind each one that is not the last, and behind the last one where there was one."""
        trailing = self._comma(self.count - 1) is not None
        last = stays[-1]
        comes = any(index > last for index in self.group.inserted)
        if not comes and not trailing and (comma := self._comma(last)) is not None:
            self.draft.edit(comma, comma + 1, "", self.rank)
        elif comes and self._comma(last) is None:
            end = self.entries.end(last)
            # Behind an absent value the colon must stay one: ``{key: ,``.
            self.draft.edit(end, end, " ," if self.text[end - 1] == ":" else ",", self.rank)

    def _end(self, index: int) -> int:
        """Where an entry ends with its comma."""
        comma = self._comma(index)
        return self.entries.end(index) if comma is None else comma + 1

    def _is_own_line(self, index: int) -> bool:
        return (
            self.lines is not None
            and is_first(self.text, self.entries.start(index))
            and self.draft.syntax.ends_line(self.text, self._end(index))
        )

    def _lead(self, index: int) -> int:
        floor = self.entries.end(index - 1) if index else self.bracket
        return self.draft.syntax.lead(self.text, self.entries.start(index), floor)

    def _remove(self, index: int, first_kept: int) -> None:
        if self._is_own_line(index):
            above = line_end(self.text, line_start(self.text, self._lead(index) - 1))
            self.draft.edit(above, line_end(self.text, self._end(index)), "", self.rank)
        elif index < first_kept:
            self.draft.edit(self.entries.start(index), self.entries.start(index + 1), "", self.rank)
        else:
            self.draft.edit(self._end(index - 1), self._end(index), "", self.rank)

    def _insert(self, stays: list[int]) -> None:
        trailing = self._comma(self.count - 1) is not None
        places = [(index, change) for index, some in sorted(self.group.inserted.items()) for change in some]
        for number, (index, change) in enumerate(places):
            above = bisect_left(stays, index)
            is_last = above == len(stays) and number == len(places) - 1
            comma = "," if not is_last or trailing else ""
            if above:
                self._insert_behind(stays[above - 1], change, comma)
            else:
                self._insert_in_front(stays[0], change)

    def _insert_behind(self, index: int, change: Insert | Add, comma: str) -> None:
        at = self._end(index)
        if self.lines is not None and self.draft.syntax.ends_line(self.text, at):
            at = line_end(self.text, at)
            front = self.draft.newline + self.lines.margin
        elif self.lines is not None and index == self.count - 1:
            front = self.draft.newline + self.lines.margin
        else:
            front = self.gap
        self.draft.edit(at, at, front + flow_entry(self.draft, change, self.lines, self.gap) + comma, self.rank)

    def _insert_in_front(self, index: int, change: Insert | Add) -> None:
        text = flow_entry(self.draft, change, self.lines, self.gap) + ","
        if self.lines is not None and is_first(self.text, self.entries.start(index)):
            at = self._lead(index)
            self.draft.edit(at, at, self.lines.margin + text + self.draft.newline, self.rank)
        else:
            at = self.entries.start(index)
            self.draft.edit(at, at, text + self.gap, -self.rank)

    def _fill(self) -> None:
        """No entry stays: what comes takes the place of all."""
        changes = [change for _, some in sorted(self.group.inserted.items()) for change in some]
        start, end = self.bracket + 1, self.container.end - 1
        if not changes:
            self.draft.edit(start, end, "", self.rank)
            return
        if not self.count and self.text[start:end].strip():
            start = end  # a comment and nothing else: its line ends before the bracket
        lines = self.lines or (self._new_lines() if self.draft.spreads(self.container) else None)
        texts = [flow_entry(self.draft, change, lines, self.gap) for change in changes]
        if lines is None:
            self.draft.edit(start, end, f",{self.gap}".join(texts), self.rank)
            return
        front = lines.newline + lines.margin
        closing = lines.newline + self.outer
        self.draft.edit(start, end, ",".join(front + text for text in texts) + closing, self.rank)

    @cached_property
    def outer(self) -> str:
        """What the line begins with on which the collection does."""
        return margin(self.text, self.bracket)

    def _lines(self) -> Lines | None:
        if not self.count:
            return None
        start = self.entries.start(0)
        if not is_first(self.text, start):
            return None
        inner = margin(self.text, start)
        deeper = inner.removeprefix(self.outer) if inner.startswith(self.outer) else ""
        return Lines(self.draft.newline, inner, deeper or self._unit())

    def _gap(self) -> str:
        """What stands behind commas (and colons, of JSON): nothing where the first one has nothing."""
        if self.count > 1 and (comma := self._comma(0)) is not None:
            return " " if self.text[comma + 1].isspace() else ""
        if self.count and self.draft.syntax is Syntax.JSON and isinstance(self.container, Mapping):
            return " " if self.text[self.container.values[0].start - 1].isspace() else ""
        return " "

    def _new_lines(self) -> Lines:
        return Lines(self.draft.newline, self.outer + self._unit(), self._unit())

    def _unit(self) -> str:
        return "\t" if "\t" in self.outer else " " * self.draft.style(self.container).unit


def put_json_root(draft: Draft, index: int, new: New) -> None:
    """Write a JSON text's root: on lines of its own where the text has some."""
    root = draft.stream.roots[index]
    unit = " " * draft.style(None).unit
    lines = Lines(draft.newline, "", unit) if "\n" in draft.text.strip() else None
    draft.edit(root.start, root.end, flow_value(draft, new, None, lines, root))
