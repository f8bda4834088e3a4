"""Plain scalars that are not what they look like: readers of YAML 1.1 and 1.2 disagree, or 1.1 surprises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.yaml.scalars import read, versions

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.dialect import Dialect

#: What a scalar begins with that could be more than a string. An absent value (``key:``) is null to every reader.
FIRST: Final = frozenset("-+.0123456789=~oOyYnNtTfF")
_CANONICAL: Final = {"true", "false"}


def is_harmless(value: str) -> bool:
    """Whether all readers take plain ``value`` for the same, and for nothing that is spelled in another way too."""
    old, new = read(value, "1.1"), read(value, "1.2")
    if old != new:
        return False
    kind, itself = new
    return kind == "str" or value in _CANONICAL or (kind == "int" and str(itself) == value)


def surprise(value: str, dialect: Dialect) -> str | None:
    """Why plain ``value`` may not be what its author thinks; None when it is.

    Where the reader is known to go by 1.1, everyday words (``on``, ``yes``) are what their author means; an integer
    with ``:`` or a leading zero hardly ever is.
    """
    old, new = read(value, "1.1"), read(value, "1.2")
    if old == new:
        return None
    if versions(dialect) == ("1.1",):
        if old[0] != "int" or not (":" in value or value.lstrip("+-").startswith("0")) or "x" in value or "b" in value:
            return None
        return f"{value} is read as {_shown(old)}: write {_quoted(value)} if that is not what is meant"
    return (
        f"{value} is {_shown(old)} to readers of YAML 1.1 and {_shown(new)} to those of 1.2: "
        f"write {_quoted(value)} if text is meant"
    )


def surprising_key(value: str, dialect: Dialect) -> str | None:
    """As ``surprise``, of a key: where ``on:`` is the key "true", everybody is surprised."""
    kind, itself = read(value, "1.1")
    if kind == "bool" and value not in _CANONICAL and versions(dialect) == ("1.1",):
        return (
            f"the key {value} is read as {_shown((kind, itself))}: write {_quoted(value)} if that is not what is meant"
        )
    return surprise(value, dialect)


def _shown(meaning: tuple[str, Hashable]) -> str:
    kind, itself = meaning
    match kind:
        case "str":
            return "the text itself"
        case "bool":
            return str(itself).lower()
        case "int" | "float":
            return f"the number {itself}"
        case "value":
            return "no valid value"
        case _:
            return f"a {kind}"


def _quoted(value: str) -> str:
    return f'"{value}"'
