"""JSON values as nodes, to be written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.yaml.emit import string_style
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.node import Node
    from confkeep.documents.splicing.style import Style

_DEEPEST: Final = 200


def node_of(data: JsonValue, syntax: Syntax, style: Style, depth: int = 0) -> Node:
    """``data`` as a node that stands nowhere. Raises NotRepresentable."""
    if depth > _DEEPEST:
        raise NotRepresentable(f"the new value is nested more than {_DEEPEST} deep")
    if isinstance(data, dict):
        mapping = Mapping(0, 0)
        mapping.keys += [node_of(key, syntax, style) for key in data]
        mapping.values += [node_of(value, syntax, style, depth + 1) for value in data.values()]
        return mapping
    if isinstance(data, list):
        sequence = Sequence(0, 0)
        sequence.values += [node_of(value, syntax, style, depth + 1) for value in data]
        return sequence
    if isinstance(data, str):
        return Scalar(0, 0, data, '"' if syntax is Syntax.JSON else string_style(data, style.quote))
    return Scalar(0, 0, _literal(data, syntax))


def _literal(data: float | bool | None, syntax: Syntax) -> str:  # noqa: FBT001 - a value, not an option
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    return str(data) if isinstance(data, int) else _number(data, syntax)


def _number(number: float, syntax: Syntax) -> str:
    """With a point in it: YAML 1.1 reads ``1e+16`` as a string. JSON knows no infinity and no NaN (RFC 8259, 6)."""
    if math.isfinite(number):
        mantissa, exponent, power = repr(number).partition("e")
        return mantissa + (".0" if exponent and "." not in mantissa else "") + exponent + power
    if syntax is Syntax.JSON:
        raise NotRepresentable(f"{number} is no number that JSON can say (RFC 8259, section 6)")
    return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
