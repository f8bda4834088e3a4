"""A document as nodes that know where in the text they stand.

Offsets count characters of the decoded text (``Stream.text``, without a byte order mark), as Python slices do.
A node's span holds its properties (tag, anchor) and ends with its last character of content: of a block collection with
its last child's end, of a block scalar where the parser says (its trailing line breaks included).
An absent value (``key:``) is a plain scalar whose span is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

#: As the parser has them; JSON and TOML know only ``""`` and ``'"'``.
Style: TypeAlias = Literal["", "'", '"', "|", ">"]


class Scalar:
    """``value`` is the text as the reader gets it, unquoted; ``tag`` is None where none is written."""

    __slots__ = ("anchor", "end", "start", "style", "tag", "value")

    def __init__(  # noqa: PLR0917 - one call per node of a document: positional is what is fast
        self, start: int, end: int, value: str, style: Style = "", tag: str | None = None, anchor: str | None = None
    ) -> None:
        self.start = start
        self.end = end
        self.value = value
        self.style = style
        self.tag = tag
        self.anchor = anchor


class Mapping:
    """``keys[n]`` has the value ``values[n]``, in the order of the text; duplicate keys stay as they are."""

    __slots__ = ("anchor", "end", "flow", "keys", "start", "tag", "values")

    def __init__(
        self,
        start: int,
        end: int,
        flow: bool = False,  # noqa: FBT001, FBT002
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.flow = flow
        self.tag = tag
        self.anchor = anchor
        self.keys: list[Node] = []
        self.values: list[Node] = []


class Sequence:
    """``values`` in the order of the text."""

    __slots__ = ("anchor", "end", "flow", "start", "tag", "values")

    def __init__(
        self,
        start: int,
        end: int,
        flow: bool = False,  # noqa: FBT001, FBT002
        tag: str | None = None,
        anchor: str | None = None,
    ) -> None:
        self.start = start
        self.end = end
        self.flow = flow
        self.tag = tag
        self.anchor = anchor
        self.values: list[Node] = []


class Alias:
    """``*name``: stands for ``target``, an earlier node of the same document."""

    __slots__ = ("end", "name", "start", "target")

    def __init__(self, start: int, end: int, name: str, target: Scalar | Mapping | Sequence) -> None:
        self.start = start
        self.end = end
        self.name = name
        self.target = target


Node: TypeAlias = Scalar | Mapping | Sequence | Alias
Collection: TypeAlias = Mapping | Sequence


class Stream:
    """A whole file: its text and the root node of each of its documents (none when it is empty or only comments)."""

    __slots__ = ("roots", "text")

    def __init__(self, text: str, roots: list[Node]) -> None:
        self.text = text
        self.roots = roots


def walk(node: Node) -> Iterator[Node]:
    """``node`` and everything in it, in the order of the text; an alias is not followed."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Mapping):
            for key, value in zip(reversed(node.keys), reversed(node.values), strict=True):
                waiting += (value, key)
        elif isinstance(node, Sequence):
            waiting += reversed(node.values)
