"""The proof of a splice: what was asked for has changed, and nothing else.

It knows nothing of how the splice was made: the old nodes with the changes applied are compared with the nodes of the
new text. Comments are no nodes; ``remarks`` looks after them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from confkeep.documents.changes import Add, Insert, Remove, Rename, Replace, Source, Value
from confkeep.documents.editing.alike import alike, is_written
from confkeep.documents.editing.equal import everyone
from confkeep.documents.editing.remarks import lost_comment
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from collections.abc import Sequence as Several

    from confkeep.documents.changes import Change, New
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.editing.equal import Readers
    from confkeep.documents.format import Format
    from confkeep.documents.node import Collection, Node, Stream

    Expected: TypeAlias = Node | New

#: Collections compared.
_BETWEEN_LOOKS: Final = 256
_REMEDY: Final = "change the text itself, and put the whole file; nothing was written"


def prove(old: Stream, changes: Several[Change], new: Stream, format_: Format, deadline: Deadline) -> None:
    """Raise NotRepresentable unless ``new`` is ``old`` with ``changes`` done and nothing else.

    Every other node has its kind, text, style, tag and anchor, every alias its target; new values read as asked for
    in each version of the format; every comment that does not belong to what was removed or replaced is still there.
    """
    _Proof(everyone(format_), changes, deadline, new.text).streams(old, new)
    if (line := lost_comment(old, changes, new, format_)) is not None:
        raise NotRepresentable(f"the comment (or mark of a document) in line {line} would get lost", remedy=_REMEDY)


class _Proof:
    def __init__(self, readers: Readers, changes: Several[Change], deadline: Deadline, text: str) -> None:
        self.readers = readers
        self.deadline = deadline
        self.text = text
        self.roots: dict[int, New] = {}
        self.changed: dict[int, list[Change]] = {}
        for change in changes:
            if change.container is None:
                assert isinstance(change, Replace)  # noqa: S101 - nothing else goes without a container
                self.roots[change.index] = change.new
            else:
                self.changed.setdefault(id(change.container), []).append(change)
        self.waiting: list[tuple[Node, Node]] = []
        self.twins: dict[int, Node] = {}
        self.aliases: list[tuple[Alias, Alias]] = []

    def streams(self, old: Stream, new: Stream) -> None:
        expected: list[Expected] = [self.roots.get(index, root) for index, root in enumerate(old.roots)]
        if not expected:
            expected = list(self.roots.values())
        self.compare(expected, new.roots)
        waiting = self.waiting
        left = _BETWEEN_LOOKS
        while waiting:
            left -= 1
            if not left:
                left = _BETWEEN_LOOKS
                self.deadline.look()
            was, now = waiting.pop()
            if isinstance(was, Mapping):
                self.mapping(was, now)
            elif isinstance(was, Sequence):
                self.sequence(was, now)
        for was_alias, now_alias in self.aliases:
            if self.twins.get(id(was_alias.target)) is not now_alias.target:
                self.fail(now_alias)

    def mapping(self, was: Mapping, now: Node) -> None:
        if not isinstance(now, Mapping):
            self.fail(now)
        changes = self.changed.get(id(was))
        self.collection(was, now, empty=changes is not None)
        if changes is None:
            self.nodes(was.keys, now.keys, now)
            self.nodes(was.values, now.values, now)
            return
        keys, values = _entries(was, changes)
        self.compare(keys, now.keys)
        self.compare(values, now.values)

    def sequence(self, was: Sequence, now: Node) -> None:
        if not isinstance(now, Sequence):
            self.fail(now)
        changes = self.changed.get(id(was))
        self.collection(was, now, empty=changes is not None)
        if changes is None:
            self.nodes(was.values, now.values, now)
        else:
            self.compare(_items(was, changes), now.values)

    def collection(self, was: Collection, now: Collection, *, empty: bool) -> None:
        """One that becomes empty is written ``[]``, and one that was may be written in block style."""
        if was.tag != now.tag or was.anchor != now.anchor:
            self.fail(now)
        if was.flow != now.flow and not (empty and not (was.values and now.values)):
            self.fail(now)
        if was.anchor is not None:
            self.twins[id(was)] = now

    def nodes(self, old: list[Node], new: list[Node], now: Node) -> None:
        """Those of which none was to change: most of a document, so most of the proof's time."""
        if len(old) != len(new):
            self.fail(now)
        wait = self.waiting.append
        for was, is_now in zip(old, new, strict=True):
            if isinstance(was, Scalar):
                if (
                    not isinstance(is_now, Scalar)
                    or was.value != is_now.value
                    or was.style != is_now.style
                    or was.tag != is_now.tag
                    or was.anchor != is_now.anchor
                ):
                    self.fail(is_now)
                if was.anchor is not None:
                    self.twins[id(was)] = is_now
            elif isinstance(was, Alias):
                if not isinstance(is_now, Alias) or was.name != is_now.name:
                    self.fail(is_now)
                self.aliases.append((was, is_now))
            else:
                wait((was, is_now))

    def compare(self, expected: list[Expected], found: list[Node]) -> None:
        """Those among which something was to change."""
        if len(expected) != len(found):
            raise NotRepresentable("another number of values would be there than was asked for", remedy=_REMEDY)
        for wanted, node in zip(expected, found, strict=True):
            if isinstance(wanted, Value):
                if not is_written(node, wanted.data, self.readers):
                    self.fail(node)
            elif isinstance(wanted, Source):
                if not alike(wanted.node, node, self.readers):
                    self.fail(node)
            else:
                self.nodes([wanted], [node], node)

    def fail(self, node: Node) -> NoReturn:
        line = self.text.count("\n", 0, node.start) + 1
        raise NotRepresentable(f"the change would have touched something else, near line {line}", remedy=_REMEDY)


def _items(sequence: Sequence, changes: list[Change]) -> list[Expected]:
    replaced, added = _sorted(changes)
    items: list[Expected] = []
    for index in range(len(sequence.values) + 1):
        items += [change.new for change in added.get(index, ())]
        if index < len(sequence.values):
            change = replaced.get(index)
            if change is None:
                items.append(sequence.values[index])
            elif isinstance(change, Replace):
                items.append(change.new)
    return items


def _entries(mapping: Mapping, changes: list[Change]) -> tuple[list[Expected], list[Expected]]:
    replaced, added = _sorted(changes)
    renamed = {change.index: change.key for change in changes if isinstance(change, Rename)}
    keys: list[Expected] = []
    values: list[Expected] = []
    for index in range(len(mapping.values) + 1):
        for add in added.get(index, ()):
            if isinstance(add, Add):
                keys.append(add.key)
                values.append(add.new)
        if index < len(mapping.values):
            change = replaced.get(index)
            if not isinstance(change, Remove):
                keys.append(renamed.get(index, mapping.keys[index]))
                values.append(change.new if change is not None else mapping.values[index])
    return keys, values


def _sorted(changes: list[Change]) -> tuple[dict[int, Replace | Remove], dict[int, list[Insert | Add]]]:
    """By index: what becomes of those that are there, and what comes before them."""
    replaced: dict[int, Replace | Remove] = {}
    added: dict[int, list[Insert | Add]] = {}
    for change in changes:
        if isinstance(change, Replace | Remove):
            replaced[change.index] = change
        elif not isinstance(change, Rename):
            added.setdefault(change.index, []).append(change)
    return replaced, added
