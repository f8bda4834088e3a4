"""Nodes as JSON text (RFC 8259), on one line or on many."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.documents.node import Alias, Mapping, Scalar
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.node import Node

_DEEPEST: Final = 200
_SURROGATE: Final = re.compile("[\\ud800-\\udfff]")


class Lines(NamedTuple):
    """The line break, what the line of the value begins with, and what lines inside it have in addition."""

    newline: str
    margin: str
    unit: str

    def inner(self) -> Lines:
        """Those of the lines inside."""
        return self._replace(margin=self.margin + self.unit)


def write_json(node: Node, lines: Lines | None, gap: str = " ", depth: int = 0) -> str:
    """``node`` as JSON; a line for each entry where ``lines`` are given. Raises NotRepresentable.

    ``gap`` stands behind colons, and behind commas on one line.
    """
    if depth > _DEEPEST:
        raise NotRepresentable(f"the new value is nested more than {_DEEPEST} deep")
    node = node.target if isinstance(node, Alias) else node
    if isinstance(node, Scalar):
        return node.value if node.style == "" else _string(node.value)
    inner = lines and lines.inner()
    texts = [write_json(value, inner, gap, depth + 1) for value in node.values]
    if isinstance(node, Mapping):
        texts = [f"{write_json(key, None)}:{gap}{text}" for key, text in zip(node.keys, texts, strict=True)]
    front, behind = "{}" if isinstance(node, Mapping) else "[]"
    if lines is None or not texts:
        return front + f",{gap}".join(texts) + behind
    margin = lines.newline + lines.margin
    return front + ",".join(margin + lines.unit + text for text in texts) + margin + behind


def _string(value: str) -> str:
    """Only what must be is escaped: a lone surrogate, which JSON can say and UTF-8 cannot, among it."""
    return json.dumps(value, ensure_ascii=bool(_SURROGATE.search(value)))
