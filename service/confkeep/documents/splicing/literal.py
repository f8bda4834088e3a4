"""Whether a block scalar may end at a place: what follows must not become part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.node import Scalar
from confkeep.documents.splicing.extent import is_block_scalar, last_leaf
from confkeep.documents.splicing.lines import line_end, next_line

if TYPE_CHECKING:
    from confkeep.documents.node import Node
    from confkeep.documents.splicing.draft import Draft


def may_end(draft: Draft, at: int, new: Node, indent: int) -> bool:
    """Whether ``new``, whose parent is indented by ``indent``, can end with a block scalar at the line of ``at``.

    Blank lines below would be its own where it keeps them (``|+``), comments and spaces deeper than it always.
    """
    leaf = last_leaf(new)
    if not isinstance(leaf, Scalar) or not is_block_scalar(leaf):
        return True
    keeps = leaf.value.endswith("\n\n")
    if keeps and not draft.alone:
        return False
    text = draft.text
    below = next_line(text, line_end(text, at))
    while below < len(text):
        end = line_end(text, below)
        line = text[below:end]
        if line.strip(" "):
            return _stays(draft, below, end) and not _is_inside(line, indent)
        if len(line) > indent + 1 or keeps:
            return False
        below = next_line(text, end)
    return not keeps


def _is_inside(line: str, indent: int) -> bool:
    content = line.lstrip(" ")
    return content.startswith("#") and len(line) - len(content) > indent


def _stays(draft: Draft, start: int, end: int) -> bool:
    """Whether the line will be there: of several changes, one may remove it and what is below comes up."""
    if draft.alone:
        return True
    if draft.text[start:end].lstrip(" ").startswith("#"):
        return not draft.removes  # it goes with what is below it
    return not draft.is_gone(start, end)


def needs_break(text: str, at: int, new: Node, rest: list[str]) -> bool:
    """Whether ``new`` ends the text, which ends without a line break, with a block scalar that needs one."""
    leaf = last_leaf(new)
    return at == len(text) and bool(rest) and isinstance(leaf, Scalar) and leaf.value.endswith("\n")
