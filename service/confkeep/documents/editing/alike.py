"""Whether a new node is what was to be written there: a value of JSON, or a copy of another node."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from confkeep.documents.editing.equal import meaning
from confkeep.documents.editing.lookup import meant
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.editing.equal import Readers
    from confkeep.documents.node import Node


def is_written(node: Node, data: JsonValue, readers: Readers) -> bool:
    """Whether ``node`` spells ``data`` out: members in their order, no alias, no tag, to each reader the same."""
    waiting: list[tuple[Node, JsonValue]] = [(node, data)]
    while waiting:
        node, data = waiting.pop()
        if isinstance(node, Alias) or node.tag is not None:
            return False
        if isinstance(node, Mapping):
            if not isinstance(data, dict) or len(node.keys) != len(data):
                return False
            waiting += zip(node.keys, data, strict=True)
            waiting += zip(node.values, data.values(), strict=True)
        elif isinstance(node, Sequence):
            if not isinstance(data, list) or len(node.values) != len(data):
                return False
            waiting += zip(node.values, data, strict=True)
        elif not readers.agree(node, data, exactly=True):
            return False
    return True


def alike(source: Node, copy: Node, readers: Readers) -> bool:
    """Whether ``copy`` is ``source``, aliases written out or not: the same kinds, tags, entries and meanings.

    Each pair is compared once, however often aliases lead to it.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [(source, copy)]
    while waiting:
        was, now = waiting.pop()
        was, now = meant(was), meant(now)
        if was is now or (id(was), id(now)) in seen:
            continue
        seen.add((id(was), id(now)))
        if was.__class__ is not now.__class__ or was.tag != now.tag:
            return False
        if isinstance(was, Scalar):
            if not _same(was, cast("Scalar", now), readers):
                return False
            continue
        other = cast("Mapping | Sequence", now)
        if len(was.values) != len(other.values):
            return False
        waiting += zip(was.values, other.values, strict=True)
        if isinstance(was, Mapping) and isinstance(other, Mapping):
            waiting += zip(was.keys, other.keys, strict=True)
    return True


def _same(was: Scalar, now: Scalar, readers: Readers) -> bool:
    if was.value != now.value:
        return False
    if bool(was.style) == bool(now.style):
        return True
    return all(meaning(was, version) == meaning(now, version) for version in readers.versions or (None,))
