"""What one scalar is to each of the readers that a format and a dialect may have."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.documents.format import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from confkeep.documents.dialect import Dialect
    from confkeep.documents.node import Scalar
    from confkeep.documents.yaml.scalars import Version

#: A type, and the value among those of its type.
Meaning: TypeAlias = "tuple[str, Hashable]"

#: What YAML's own tags begin with (https://yaml.org/type/).
STANDARD: Final = "tag:yaml.org,2002:"
_JSON_WORDS: Final[dict[str, Meaning]] = {"null": ("null", None), "true": ("bool", True), "false": ("bool", False)}


def meanings_of(format_: Format, dialect: Dialect) -> Callable[[Scalar], tuple[Meaning, ...]]:
    """What each reader gets for a scalar, in one order: of YAML the versions of ``dialect``, else the one reader."""
    if format_ is not Format.YAML:
        return _json
    from confkeep.documents.yaml.scalars import read, versions

    readers = versions(dialect)

    def meanings(node: Scalar) -> tuple[Meaning, ...]:
        if node.tag is None and not node.style:
            return tuple(read(node.value, version) for version in readers)
        return tuple(_yaml(node, version) for version in readers)

    return meanings


def _json(node: Scalar) -> tuple[Meaning, ...]:
    if node.style:
        return (("str", node.value),)
    try:
        return (_JSON_WORDS.get(node.value) or ("number", Decimal(node.value)),)
    except InvalidOperation:  # an exponent beyond all reason
        return (("number", node.value),)


def _yaml(node: Scalar, version: Version) -> Meaning:
    """One that has quotes, a tag or both. A tag that YAML does not define is part of the value."""
    from confkeep.documents.yaml.scalars import read

    tag, value = node.tag, node.value
    if tag is None:
        return "str", value
    if tag == "!":  # PyYAML: as if plain, even when quoted; YAML 1.2 (6.9.1): a string
        return read(value, version) if version == "1.1" else ("str", value)
    if not tag.startswith(STANDARD):
        return tag, value
    return _standard(tag.removeprefix(STANDARD), value, read(value, version))


def _standard(kind: str, value: str, plain: Meaning) -> Meaning:
    """``value`` under the standard tag ``kind``; ``plain`` is what it would be without the tag."""
    if kind == "str":
        return kind, value
    if kind == "merge":
        return kind, "<<"
    if kind == plain[0]:
        return plain
    if kind == "float" and plain[0] == "int" and isinstance(plain[1], int) and abs(plain[1]) < 1 << 53:
        return kind, float(plain[1])
    return STANDARD + kind, value
