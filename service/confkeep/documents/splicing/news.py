"""New values as text for where they go."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.changes import Insert, Source
from confkeep.documents.node import Scalar
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.data import node_of
from confkeep.documents.splicing.extent import is_block_scalar
from confkeep.documents.splicing.json_text import Lines, write_json
from confkeep.documents.splicing.literal import may_end, needs_break
from confkeep.documents.splicing.verbatim import (
    comment_behind,
    comments_above,
    dash_of,
    is_restyled,
    verbatim,
    verbatim_flow,
)
from confkeep.documents.yaml.emit import Emitter, Place, Written, item

if TYPE_CHECKING:
    from confkeep.documents.changes import Add, New
    from confkeep.documents.node import Collection, Node
    from confkeep.documents.splicing.draft import Draft
    from confkeep.documents.splicing.style import Style


def node_for(draft: Draft, new: New, near: Collection | None, old: Node | None = None) -> Node:
    """The node that is to be written for ``new``; a string in the style of the ``old`` one, if that can hold it."""
    if isinstance(new, Source):
        return new.node
    node = node_of(new.data, draft.syntax, draft.style(near))
    if isinstance(old, Scalar) and isinstance(node, Scalar) and isinstance(new.data, str) and old.style:
        has_lines = "\n" in node.value
        if is_block_scalar(old) or not has_lines or "\n" in old.value:
            node.style = old.style
    return node


class Block(NamedTuple):
    """Lines for a block collection: the first one without its indentation."""

    lines: list[str]
    ends_text: bool

    def indented(self, column: int) -> list[str]:
        """The lines, all of them with their indentation."""
        return [" " * column + self.lines[0], *self.lines[1:]]

    def join(self, newline: str) -> str:
        """As text, without a last line break unless it is needed."""
        return newline.join(self.lines) + (newline if self.ends_text else "")


def block_entry(draft: Draft, change: Insert | Add, column: int, at: int | None) -> Block:
    """The new entry of a block collection in ``column``, which will end where the line of ``at`` ends.

    ``at`` is None where that cannot be said. What is written somewhere already brings along the comments that belong to
    it there.
    """
    container, new = change.container, change.new
    dash = draft.style(container).dash
    place = Place(column, column + dash, below=False) if isinstance(change, Insert) else Place(column)
    node, written = written_value(draft, new, container, place, at)
    if isinstance(new, Source) and not written.rest:
        written = Written(written.first + comment_behind(new), [])
    above = comments_of(change, draft.syntax)
    if isinstance(change, Insert):
        written = item(written, dash)
    else:
        key = node_for(draft, change.key, container)
        written = Emitter(draft.style(container)).entry(key, written, column)
    lines = [*above, written.first]
    lines[1:] = [" " * column + line for line in lines[1:]]
    ends_text = at is not None and needs_break(draft.text, at, node, written.rest)
    return Block([*lines, *written.rest], ends_text)


def written_value(  # noqa: PLR0917
    draft: Draft, new: New, near: Collection | None, place: Place, end: int | None, old: Node | None = None
) -> tuple[Node, Written]:
    """A value for ``place``, instead of ``old``; it will end where the line of ``end`` ends now (None: anywhere)."""
    node = node_for(draft, new, near, old)
    emitter = Emitter(style_at(draft, near, node, place.parent, end))
    written = None
    if isinstance(new, Source) and (new.text is draft.text or not is_restyled(new, emitter.style)):
        written = verbatim(new, draft.syntax, emitter, place)
    return node, written or emitter.value(node, place)


def comments_of(change: Insert | Add, syntax: Syntax) -> list[str]:
    """The comment lines above an entry where it is written already."""
    if isinstance(change, Insert):
        at = dash_of(change.new) if isinstance(change.new, Source) else None
        return comments_above(change.new.text, at, syntax) if isinstance(change.new, Source) and at is not None else []
    return comments_above(change.key.text, change.key.node.start, syntax) if isinstance(change.key, Source) else []


def style_at(draft: Draft, near: Collection | None, new: Node, column: int, at: int | None) -> Style:
    """The style of ``near``, without block scalars where one could not end at the line of ``at``."""
    style = draft.style(near)
    return style if at is not None and may_end(draft, at, new, column) else replace(style, literal=False)


def flow_value(
    draft: Draft, new: New, near: Collection | None, lines: Lines | None, old: Node | None = None, *, gap: str = " "
) -> str:
    """A value in brackets, in place of ``old``. ``lines`` are given where entries have lines of their own."""
    node = node_for(draft, new, near, old)
    if isinstance(new, Source) and (text := verbatim_flow(new, draft.syntax, lines)) is not None:
        return text
    return Emitter(draft.style(near)).flow(node) if draft.syntax is Syntax.YAML else write_json(node, lines, gap)


def flow_entry(draft: Draft, change: Insert | Add, lines: Lines | None, gap: str = " ") -> str:
    """A new entry in brackets, without a comma; of JSON with ``gap`` behind its colon."""
    value = flow_value(draft, change.new, change.container, lines, gap=gap)
    if isinstance(change, Insert):
        return value
    key = node_for(draft, change.key, change.container)
    if draft.syntax is Syntax.YAML:
        return Emitter(draft.style(change.container)).pair(key, value)
    return f"{write_json(key, None)}:{gap}{value}"
