"""Entries of a mapping by the text of their key, and those that come through merge keys (``<<``).

A key is found by its text as it is written, unquoted: ``1``, ``on`` and ``null`` are keys like any other. The merge key
is that of https://yaml.org/type/merge.html: what a mapping says itself counts more, of several mappings the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Alias, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.documents.node import Node

_MERGE_TAG: Final = "tag:yaml.org,2002:merge"


def meant(node: Node) -> Scalar | Mapping | Sequence:
    """``node``, or what it stands for."""
    return node.target if isinstance(node, Alias) else node


def text_of(key: Node) -> str | None:
    """The text of a scalar key; None for a key that is a collection, which no pointer reaches."""
    key = meant(key)
    return key.value if isinstance(key, Scalar) else None


def indexes(mapping: Mapping, text: str) -> list[int]:
    """Where ``text`` is a key: more than once where it is a duplicate."""
    return [
        index
        for index, key in enumerate(mapping.keys)
        if (key.value if isinstance(key, Scalar) else text_of(key)) == text
    ]


def positions(mapping: Mapping) -> dict[str, list[int]]:
    """``indexes`` of all its keys at once."""
    found: dict[str, list[int]] = {}
    for index, key in enumerate(mapping.keys):
        text = text_of(key)
        if text is not None:
            found.setdefault(text, []).append(index)
    return found


def is_merge(key: Node) -> bool:
    """Whether ``key`` is the merge key, not a string of the same text."""
    if not isinstance(key, Scalar) or key.value != "<<":
        return False
    return key.tag == _MERGE_TAG or (key.tag is None and not key.style)


def inherited(mapping: Mapping, text: str) -> tuple[Node, Node] | None:
    """The key and the value that ``mapping`` has under ``text`` only through a merge key."""
    seen: set[int] = set()
    waiting = list(_bases(mapping))[::-1]
    while waiting:
        base = waiting.pop()
        if id(base) in seen:
            continue
        seen.add(id(base))
        if found := indexes(base, text):
            return base.keys[found[-1]], base.values[found[-1]]
        waiting += list(_bases(base))[::-1]
    return None


def entries(mapping: Mapping) -> dict[str, Node] | None:
    """All that a reader finds in ``mapping``, by the text of the keys; None where a key is a collection."""
    found: dict[str, Node] = {}
    seen: set[int] = set()
    waiting = [mapping]
    while waiting:
        base = waiting.pop()
        if id(base) in seen:
            continue
        seen.add(id(base))
        own: dict[str, Node] = {}
        for key, value in zip(base.keys, base.values, strict=True):
            if is_merge(key) and _is_base(value):
                continue
            text = text_of(key)
            if text is None:
                return None
            own[text] = value
        found = own | found
        waiting += list(_bases(base))[::-1]
    return found


def _bases(mapping: Mapping) -> Iterator[Mapping]:
    """The mappings that ``mapping`` merges, in the order in which they count."""
    for key, value in zip(mapping.keys, mapping.values, strict=True):
        if is_merge(key):
            merged = meant(value)
            for base in merged.values if isinstance(merged, Sequence) else [merged]:
                base_meant = meant(base)
                if isinstance(base_meant, Mapping):
                    yield base_meant


def _is_base(value: Node) -> bool:
    """Whether all of a merge key's value can be looked into; ``!include`` cannot."""
    merged = meant(value)
    return all(
        isinstance(meant(base), Mapping) for base in (merged.values if isinstance(merged, Sequence) else [merged])
    )
