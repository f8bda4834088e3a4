"""The smallest changes that make one text read as another does."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confkeep.documents.align import align
from confkeep.documents.changes import Add, Insert, Remove, Rename, Replace, Source, Value
from confkeep.documents.matching import rising
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.reading import own_tag, resolved
from confkeep.documents.renames import renames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.documents.changes import Change, New
    from confkeep.documents.node import Collection, Node, Stream
    from confkeep.documents.reading import Entry, Reading


def changes(old: Stream, new: Stream, reading: Reading, *, coarse: int = 0) -> list[Change]:
    """What is to be done to ``old`` so that it comes to read as ``new``; nothing when it does.

    One step of several where a part of ``old`` is used twice: the caller does it, reads again and asks again. What
    an alias or a merge key brings is written out only when nothing else is left to do, for a change of what they name
    may be all that they need. An item that has moved is moved as it is, and changed in the next step.
    A collection in which changes reach no deeper than ``coarse`` levels is replaced whole.
    The streams have equally many documents, or ``old`` has none.
    """
    differ = _Differ(old, new, reading, coarse)
    found = _Found()
    for index, root in enumerate(new.roots):
        if old.roots:
            found.join(differ.pair(None, index, old.roots[index], root))
        else:
            found.now.append(Replace(None, index, Source(root, new.text)))
    todo = found.now or found.later
    return todo + _without_anchor(old, todo)


@dataclass(slots=True)
class _Found:
    """``later``: what writes out aliases and merge keys. ``height``: how many levels deep the changes reach."""

    now: list[Change] = field(default_factory=list["Change"])
    later: list[Change] = field(default_factory=list["Change"])
    height: int = 0

    def join(self, other: _Found) -> None:
        if other.now or other.later:
            self.now += other.now
            self.later += other.later
            self.height = max(self.height, other.height)


class _Differ:
    def __init__(self, old: Stream, new: Stream, reading: Reading, coarse: int) -> None:
        self._old_text = old.text
        self._new_text = new.text
        self._reading = reading
        self._coarse = coarse

    def pair(self, container: Collection | None, index: int, old: Node, new: Node) -> _Found:
        """``old`` is ``container.values[index]`` and is to read as ``new``; an alias in ``old`` is not followed."""
        if self._same(old, new):
            return _Found()
        self._reading.deadline.look()
        new = resolved(new)
        if isinstance(old, Alias):
            return _Found(later=[Replace(container, index, self._source(new))])
        if isinstance(old, Mapping) and isinstance(new, Mapping) and own_tag(old) == own_tag(new):
            found = self._mapping(old, new)
        elif isinstance(old, Sequence) and isinstance(new, Sequence) and own_tag(old) == own_tag(new):
            found = self._sequence(old, new)
        else:
            return _Found([Replace(container, index, self._value(old, new))])
        found.height += 1
        if found.height <= self._coarse or not (found.now or found.later):
            return _Found([Replace(container, index, self._source(new))], height=found.height)
        return found

    def _same(self, old: Node, new: Node) -> bool:
        return self._reading.fingerprint(old) == self._reading.fingerprint(new)

    def _source(self, node: Node) -> Source:
        return Source(resolved(node), self._new_text)

    def _value(self, old: Node, new: Node) -> New:
        """A text that replaces a text is written as that one was: a template stays a block."""
        if isinstance(old, Scalar) and isinstance(new, Scalar) and old.tag is None and new.tag is None:
            meanings = (*self._reading.meanings(old), *self._reading.meanings(new))
            if all(kind == "str" for kind, _ in meanings):
                return Value(new.value)
        return self._source(new)

    def _mapping(self, old: Mapping, new: Mapping) -> _Found:
        mine, others = self._reading.entries(old), self._reading.entries(new)
        renamed = self._renamed(old, mine, others)
        found = _Found()
        place = 0
        for key, entry in others.items():
            had = mine.get(key)
            if had is not None and had.at is not None:
                found.join(self.pair(old, had.at, had.value, entry.value))
                place = had.at + 1
            elif key in renamed:
                at, value = renamed[key]
                found.now.append(Rename(old, at, self._source(entry.key)))
                found.join(self.pair(old, at, value, entry.value))
                place = at + 1
            elif had is None:
                found.now.append(self._add(old, place, entry))
            elif not self._same(had.value, entry.value):
                found.later.append(self._add(old, max(place, self._behind_merge(old)), entry))
        stay = {at for at, _ in renamed.values()}
        gone = {key: entry for key, entry in mine.items() if key not in others and entry.at not in stay}
        if any(entry.at is None for entry in gone.values()):
            found.later = self._without_merge(old, mine, others)
        found.now += [Remove(old, at) for at in self._places(old, gone)]
        return found

    def _renamed(self, old: Mapping, mine: dict[int, Entry], others: dict[int, Entry]) -> dict[int, tuple[int, Node]]:
        """By the new key: where in ``old`` the entry with the old one is, and its value."""
        gone = {key: entry for key, entry in mine.items() if key not in others}
        come = {key: entry for key, entry in others.items() if key not in mine}
        if not gone or not come:
            return {}
        times = Counter(map(self._reading.fingerprint, (key for key in old.keys if not self._reading.is_merge(key))))
        gone = {key: entry for key, entry in gone.items() if times[key] == 1}
        found = ((key, gone[old_key]) for key, old_key in renames(gone, come, self._reading).items())
        return {key: (entry.at, entry.value) for key, entry in found if entry.at is not None}

    def _add(self, old: Mapping, place: int, entry: Entry) -> Add:
        return Add(old, place, self._source(entry.key), self._source(entry.value))

    def _places(self, mapping: Mapping, entries: dict[int, Entry]) -> list[int]:
        """Where ``entries`` stand in ``mapping``, with the earlier ones of the same key."""
        if not entries:
            return []
        at = {entry.at for entry in entries.values()}
        keys = enumerate(mapping.keys)
        return [index for index, key in keys if index in at or self._reading.fingerprint(key) in entries]

    def _without_merge(self, old: Mapping, mine: dict[int, Entry], others: dict[int, Entry]) -> list[Change]:
        """A merge key brings what is no longer wanted: without it, and with what it brought that still is."""
        wanted = [others[key] for key, entry in mine.items() if entry.at is None and key in others]
        place = self._behind_merge(old)
        return [
            *(self._add(old, place, entry) for entry in wanted),
            *(Remove(old, at) for at in range(place) if self._reading.is_merge(old.keys[at])),
        ]

    def _behind_merge(self, mapping: Mapping) -> int:
        return max(index for index, key in enumerate(mapping.keys) if self._reading.is_merge(key)) + 1

    def _sequence(self, old: Sequence, new: Sequence) -> _Found:
        found = _Found()
        pairs = align(old, new, self._reading)
        stay = _stay(pairs)
        place = 0
        for index, new_index in pairs:
            if new_index is None:
                assert index is not None  # noqa: S101 - one of the two is there
                found.now.append(Remove(old, index))
            elif index is None:
                found.now.append(Insert(old, place, self._source(new.values[new_index])))
            elif index in stay:
                found.join(self.pair(old, index, old.values[index], new.values[new_index]))
                place = index + 1
            else:
                found.now += [Insert(old, place, self._moved(old.values[index], new.values[new_index]))]
                found.now += [Remove(old, index)]
        return found

    def _moved(self, old: Node, new: Node) -> Source:
        return self._source(new) if self._coarse else Source(old, self._old_text)


def _stay(pairs: list[tuple[int | None, int | None]]) -> set[int]:
    """The items of old that keep their order: as many as can."""
    paired = [index for index, new_index in pairs if index is not None and new_index is not None]
    return {paired[n] for n in rising(paired)}


def _without_anchor(old: Stream, todo: list[Change]) -> list[Change]:
    """Write out the aliases whose anchor goes with a part of ``old`` while they stay."""
    if "*" not in old.text or "&" not in old.text:
        return []
    going = _Spans(old, todo)
    return [
        Replace(container, index, Source(alias.target, old.text))
        for container, index, alias in _aliases(old)
        if going.hold_anchor(alias.target) and not going.hold(alias)
    ]


class _Spans:
    """The parts of a text that changes take away."""

    def __init__(self, old: Stream, todo: list[Change]) -> None:
        self._replaced = {_node(old, change) for change in todo if isinstance(change, Replace)}
        spans = sorted(_span(old, change) for change in todo if isinstance(change, Replace | Remove))
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def hold(self, node: Node) -> bool:
        """Whether ``node`` goes; the parts do not overlap."""
        at = bisect_right(self._starts, node.start) - 1
        return at >= 0 and node.start < self._ends[at]

    def hold_anchor(self, node: Node) -> bool:
        """Whether the anchor of ``node`` goes: that of a replaced value stays for the new one (``splice``)."""
        return self.hold(node) and node not in self._replaced


def _span(old: Stream, change: Replace | Remove) -> tuple[int, int]:
    node = _node(old, change)
    if isinstance(change, Remove) and isinstance(change.container, Mapping):
        return change.container.keys[change.index].start, node.end
    return node.start, node.end


def _node(old: Stream, change: Replace | Remove) -> Node:
    return old.roots[change.index] if change.container is None else change.container.values[change.index]


def _aliases(stream: Stream) -> Iterator[tuple[Collection, int, Alias]]:
    """The aliases that are values or items, and where."""
    waiting: list[Node] = list(stream.roots)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping | Sequence):
            for index, value in enumerate(node.values):
                if isinstance(value, Alias):
                    yield node, index, value
                else:
                    waiting.append(value)
