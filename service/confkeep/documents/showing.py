"""Nodes as JSON data, for a person to see; never to be written to a file."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Alias, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.changes import JsonValue
    from confkeep.documents.node import Node
    from confkeep.documents.reading import Reading

#: Aliases make a short text a long value: what is beyond stands as LEFT_OUT.
MOST_NODES: Final = 10_000
MAX_DEPTH: Final = 200
LEFT_OUT: Final = "…"
_MOST_DIGITS: Final = 300
_MOST_BITS: Final = 14_000
_TYPES: Final = {"null", "bool", "int", "float", "number"}


def shown(node: Node, reading: Reading) -> JsonValue:
    """``node`` as the last of its readers has it (YAML 1.2 where both versions read it).

    Text stands for what JSON does not know: dates, infinity, tagged values with their tag, keys as they are written.
    """
    return _Showing(reading).of(node, 0)


class _Showing:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._left = MOST_NODES

    def of(self, node: Node, depth: int) -> JsonValue:
        if isinstance(node, Alias):
            node = node.target
        self._left -= 1
        if self._left < 0 or depth > MAX_DEPTH:
            return LEFT_OUT
        if isinstance(node, Scalar):
            return self._scalar(node)
        if isinstance(node, Sequence):
            return [self.of(value, depth + 1) for value in node.values[: self._left]]
        return self._mapping(node, depth)

    def _mapping(self, node: Mapping, depth: int) -> JsonValue:
        found: dict[str, JsonValue] = {}
        for entry in self._reading.entries(node).values():
            if self._left <= 0:
                break
            found[key_text(entry.key)] = self.of(entry.value, depth + 1)
        return found

    def _scalar(self, node: Scalar) -> JsonValue:
        kind, value = self._reading.meanings(node)[-1]
        if kind in _TYPES:
            return node.value if _is_long(value) else _json(value)
        if kind == "str" or node.tag is None:
            return node.value
        return f"{node.tag} {node.value}".rstrip()


def key_text(key: Node) -> str:
    """A key as it is written, without its quotes; a collection as a key is LEFT_OUT."""
    if isinstance(key, Alias):
        key = key.target
    return key.value if isinstance(key, Scalar) else LEFT_OUT


def _is_long(value: Hashable) -> bool:
    """Whether a number has more digits than its readers take: Python 4,300, floats 308 in front of the point."""
    if isinstance(value, Decimal):
        return abs(value.adjusted()) > _MOST_DIGITS
    return isinstance(value, int) and value.bit_length() > _MOST_BITS


def _json(value: Hashable) -> JsonValue:
    if isinstance(value, Decimal):
        value = int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str) else None
