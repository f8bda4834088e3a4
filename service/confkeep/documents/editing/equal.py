"""Whether a node is, to its readers, a given value of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.documents.dialect import Dialect
from confkeep.documents.editing.lookup import entries, meant
from confkeep.documents.format import Format
from confkeep.documents.node import Mapping, Scalar

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.changes import JsonValue
    from confkeep.documents.node import Node
    from confkeep.documents.yaml.scalars import Version

Meaning: TypeAlias = "tuple[str, Hashable]"

_STANDARD: Final = "tag:yaml.org,2002:"
_NAMES: Final = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}
_NUMBERS: Final = {"int", "float"}


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads the document: versions of YAML; none of them for JSON."""

    versions: tuple[Version, ...]

    def agree(self, node: Node, data: JsonValue, *, exactly: bool) -> bool:
        """Whether ``node`` is ``data`` to every one of them.

        As RFC 6902, section 4.6 compares: numbers by their value, members in any order; merge keys are followed, a
        tag of the user's own equals nothing. ``exactly``: 1 is not 1.0.
        """
        if not self.versions:
            return _is(node, data, None, exactly=exactly)
        return all(_is(node, data, version, exactly=exactly) for version in self.versions)


def readers(format_: Format, dialect: Dialect) -> Readers:
    """Those of ``dialect``; JSON is read in one way only."""
    if format_ is not Format.YAML:
        return Readers(())
    from confkeep.documents.yaml.scalars import versions

    return Readers(versions(dialect))


def everyone(format_: Format) -> Readers:
    """All that could ever read it: what we write must mean the same to each."""
    return readers(format_, Dialect.GENERIC)


def meaning(node: Scalar, version: Version | None) -> Meaning:
    """Type and value of ``node``; the type of one with a tag of the user's own is its tag."""
    if version is None:
        return ("str", node.value) if node.style else _json(node.value)
    if node.tag is None or node.tag == "!":
        if node.style or node.tag == "!":
            return "str", node.value
        from confkeep.documents.yaml.scalars import read

        return read(node.value, version)
    if node.tag == _STANDARD + "str":
        return "str", node.value
    if node.tag.startswith(_STANDARD):
        from confkeep.documents.yaml.scalars import read

        name, value = read(node.value, version)
        return (name, value) if node.tag == _STANDARD + name else (node.tag, node.value)
    return node.tag, node.value


def _json(text: str) -> Meaning:
    try:
        value = json.loads(text)
    except ValueError:  # more digits than int() takes
        return "int", text
    return _NAMES[type(value)], value


def _is(node: Node, data: JsonValue, version: Version | None, *, exactly: bool) -> bool:
    """Recursion follows ``data``, whose depth is bounded."""
    node = meant(node)
    if isinstance(node, Scalar):
        return not isinstance(data, list | dict) and _is_scalar(meaning(node, version), data, exactly=exactly)
    if node.tag is not None and node.tag not in {_STANDARD + "map", _STANDARD + "seq"}:
        return False
    if isinstance(node, Mapping):
        if not isinstance(data, dict):
            return False
        found = entries(node)
        return (
            found is not None
            and found.keys() == data.keys()
            and all(_is(found[name], value, version, exactly=exactly) for name, value in data.items())
        )
    return (
        isinstance(data, list)
        and len(node.values) == len(data)
        and all(_is(item, value, version, exactly=exactly) for item, value in zip(node.values, data, strict=True))
    )


def _is_scalar(found: Meaning, data: bool | float | str | None, *, exactly: bool) -> bool:  # noqa: FBT001 - JSON's
    name, value = found
    wanted = _NAMES[type(data)]
    if not exactly and name in _NUMBERS and wanted in _NUMBERS:
        return value == data
    return name == wanted and value == data
