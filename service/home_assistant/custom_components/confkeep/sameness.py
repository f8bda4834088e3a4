"""Whether two values from YAML or JSON are the same. To Python's ``==``, ``1``, ``1.0`` and ``true`` are."""

from __future__ import annotations

import hashlib
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Equal in kind and value, all the way down; the order of a mapping's entries does not count."""
    if isinstance(one, dict):
        if not isinstance(other, dict) or len(one) != len(other):
            return False
        return all(key in other and same(value, other[key]) for key, value in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str):  # Home Assistant's own texts know where they stand
        return isinstance(other, str) and str(one) == str(other)
    return type(one) is type(other) and bool(one == other)


def digest_of(value: Any) -> str:
    """A text that is equal for what is ``same``, and only for it."""
    return hashlib.sha256(repr(_plain(value)).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> object:
    if isinstance(value, dict):
        return "mapping", sorted((repr(_plain(key)), _plain(item)) for key, item in value.items())
    if isinstance(value, list):
        return "list", [_plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return type(value).__name__, repr(value)
