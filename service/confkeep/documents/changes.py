"""What is to become of a document, told by its nodes; edits, merges and kept comments alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from confkeep.documents.node import Collection, Mapping, Node, Sequence

#: What JSON can say (RFC 8259); objects in the order that they have.
JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"


@dataclass(frozen=True, slots=True)
class Value:
    """A new value, to be written in the style of its neighbourhood."""

    data: JsonValue


@dataclass(frozen=True, slots=True)
class Source:
    """A new value that is written somewhere already: ``node`` of ``text``, to be taken over with its formatting."""

    node: Node
    text: str


New: TypeAlias = Value | Source


@dataclass(frozen=True, slots=True)
class Replace:
    """``container.values[index]`` becomes ``new``; without a container, the root of the stream's document ``index``."""

    container: Collection | None
    index: int
    new: New


@dataclass(frozen=True, slots=True)
class Insert:
    """``new`` comes before ``container.values[index]`` as it was; at the end where ``index`` is the length.

    Inserts at one place come in the order in which they are given.
    """

    container: Sequence
    index: int
    new: New


@dataclass(frozen=True, slots=True)
class Add:
    """A new entry of a mapping, behind entry ``index - 1`` as it was, so at the end where ``index`` is the length."""

    container: Mapping
    index: int
    key: New
    new: New


@dataclass(frozen=True, slots=True)
class Remove:
    """Entry or item ``index`` goes, and the comments that belong to it."""

    container: Collection
    index: int


@dataclass(frozen=True, slots=True)
class Rename:
    """The key of entry ``index``, a scalar, becomes ``key``; its value and place stay."""

    container: Mapping
    index: int
    key: New


Change: TypeAlias = Replace | Insert | Add | Remove | Rename
