"""Whether a literal block scalar may end at a place: what follows must not become part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.node import Scalar
from confkeep.documents.splicing.extent import is_block_scalar, last_leaf
from confkeep.documents.splicing.lines import line_end, next_line

if TYPE_CHECKING:
    from confkeep.documents.node import Node


def may_end(text: str, at: int, new: Node, indent: int, *, alone: bool) -> bool:
    """Whether ``new``, whose parent is indented by ``indent``, can end with a block scalar at the line of ``at``.

    Blank lines below would be its own where it keeps them (``|+``), comments and spaces deeper than it always.
    Unless the change is ``alone``, what will be below it is not known.
    """
    leaf = last_leaf(new)
    if not isinstance(leaf, Scalar) or not is_block_scalar(leaf):
        return True
    if leaf.value.endswith("\n\n") and not alone:
        return False
    below = next_line(text, line_end(text, at))
    while below < len(text):
        end = line_end(text, below)
        line = text[below:end]
        if line.strip(" "):
            return not line.lstrip(" ").startswith("#") or len(line) - len(line.lstrip(" ")) <= indent
        if len(line) > indent + 1 or leaf.value.endswith("\n\n"):
            return False
        below = next_line(text, end)
    return not leaf.value.endswith("\n\n")


def needs_break(text: str, at: int, new: Node, rest: list[str]) -> bool:
    """Whether ``new`` ends the text, which ends without a line break, with a block scalar that needs one."""
    leaf = last_leaf(new)
    return at == len(text) and bool(rest) and isinstance(leaf, Scalar) and leaf.value.endswith("\n")
