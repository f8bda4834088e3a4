"""From the root to a collection, found by where it stands: no walk over the file."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.documents.node import Mapping, Sequence

if TYPE_CHECKING:
    from confkeep.documents.node import Collection, Node, Stream


@dataclass(frozen=True, slots=True)
class Step:
    """``container.values[index]``; in a key, ``index`` is None."""

    container: Collection
    index: int | None


def path_to(stream: Stream, target: Collection) -> list[Step]:
    """The steps that lead to ``target`` from the root of its document, which is the first one's container.

    Raises ValueError when it is no node of ``stream``.
    """
    number = bisect_right(stream.roots, target.start, key=lambda root: root.start) - 1
    node: Node | None = stream.roots[number] if number >= 0 else None
    steps: list[Step] = []
    while node is not target:
        if not isinstance(node, Mapping | Sequence):
            raise ValueError("a change is of a node that is not in the stream")  # noqa: TRY004 - the caller's, not a type's
        index, node = _child(node, target)
        steps.append(index)
    return steps


def _child(container: Collection, target: Collection) -> tuple[Step, Node | None]:
    index = bisect_right(container.values, target.start, key=lambda value: value.start) - 1
    if index >= 0 and target.end <= container.values[index].end:
        return Step(container, index), container.values[index]
    if isinstance(container, Mapping) and index + 1 < len(container.keys):
        return Step(container, None), container.keys[index + 1]
    return Step(container, None), None
