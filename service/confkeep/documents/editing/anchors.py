"""A change must not reach those who use an anchor elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.changes import Remove, Replace
from confkeep.documents.node import Alias, Mapping, walk
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.documents.changes import Change
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Scalar, Stream
    from confkeep.documents.node import Sequence as NodeSequence

_SHOWN: Final = 10


def guard(stream: Stream, changes: Sequence[Change], deadline: Deadline) -> None:
    """Raise NotRepresentable where one of ``changes`` is in, or takes away, what an alias elsewhere stands for.

    Raises TimeoutError.
    """
    if "*" not in stream.text or "&" not in stream.text:
        return
    users: dict[int, list[Alias]] = {}
    targets: dict[int, Scalar | Mapping | NodeSequence] = {}
    for root in stream.roots:
        for node in walk(root):
            if isinstance(node, Alias):
                users.setdefault(id(node.target), []).append(node)
                targets[id(node.target)] = node.target
    for key, target in targets.items():
        deadline.look()
        for change in changes:
            container = change.container
            if container is not None and target.start <= container.start and container.end <= target.end:
                _refuse(stream, target, users[key])
            start, end = _taken(stream, change)
            if start <= target.start and target.end <= end:
                left = [alias for alias in users[key] if not start <= alias.start < end]
                if left:
                    _refuse(stream, target, left)


def _taken(stream: Stream, change: Change) -> tuple[int, int]:
    """The span of the text whose nodes are no longer there, empty for what is only added."""
    if not isinstance(change, Replace | Remove):
        return -1, -1
    if change.container is None:
        root = stream.roots[change.index] if stream.roots else None
        return (root.start, root.end) if root is not None else (-1, -1)
    value = change.container.values[change.index]
    if isinstance(change.container, Mapping) and isinstance(change, Remove):
        return change.container.keys[change.index].start, value.end
    return value.start, value.end


def _refuse(stream: Stream, target: Scalar | Mapping | NodeSequence, users: list[Alias]) -> None:
    lines = [str(stream.text.count("\n", 0, alias.start) + 1) for alias in users[:_SHOWN]]
    more = ", …" if len(users) > _SHOWN else ""
    raise NotRepresentable(
        f"the anchor &{target.anchor} in line {stream.text.count(chr(10), 0, target.start) + 1} is used in "
        f"line{'s' if len(users) > 1 else ''} {', '.join(lines)}{more}, which would change too",
        remedy=f"change the places that use it, each by its own pointer, or write out *{target.anchor} there first",
    )
