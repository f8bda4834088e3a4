"""Nodes as their reader gets them: two nodes with one fingerprint are the same data.

As the readers of the dialect have it (yaml/scalars.py); where both versions of YAML may be in use, the same data to
both. Aliases are followed. Merge keys (``<<``, https://yaml.org/type/merge.html) are applied as PyYAML does, for both
versions: go-yaml, js-yaml and ruamel.yaml do so too. The order of a mapping's entries says nothing, but in
Home Assistant's ``variables``, where a template may use what stands before it (helpers/script_variables.py); of
duplicate keys the last one counts. JSON's numbers have one kind (RFC 8259, section 6): ``1.0`` is ``1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.meanings import STANDARD, meanings_of
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.showing import shown
from confkeep.documents.uncomposable import Uncomposable

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from confkeep.documents.changes import JsonValue
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.meanings import Meaning
    from confkeep.documents.node import Collection, Node

_NODES_BETWEEN_LOOKS: Final = 1024
_ORDER_COUNTS: Final = frozenset({"variables", "trigger_variables"})
#: What merge keys may add to all mappings together: a chain of them grows with the square of its length.
MAX_INHERITED: Final = 1_000_000


class Unreadable(Uncomposable):
    """There are nodes, but no reader could hold the data; the message says why, in words that end a sentence."""


class Entry(NamedTuple):
    """One entry of a mapping as it is read; ``at`` is its index, None where a merge key brings it."""

    key: Node
    value: Node
    at: int | None


class Reading:
    """How the readers of one format and dialect see nodes; fingerprints compare within one such object only.

    Its methods raise TimeoutError at the ``deadline`` and Unreadable beyond MAX_INHERITED.
    """

    def __init__(self, format_: Format, dialect: Dialect, deadline: Deadline) -> None:
        self.meanings: Final = meanings_of(format_, dialect)
        self.deadline: Final = deadline
        self._numbers: dict[Hashable, int] = {}
        self._scalars: dict[tuple[str, bool, str | None], int] = {}
        self._collections: dict[Collection, int] = {}
        self._merged: dict[Mapping, dict[int, Entry]] = {}
        self._read: dict[int, tuple[Meaning, ...]] = {}  # by fingerprint: what each version reads
        self._split: set[int] = set()  # those of them that the versions read differently
        self._inherited = 0
        self._order_counts: Final = _ORDER_COUNTS if dialect is Dialect.HOME_ASSISTANT else frozenset[str]()
        self._ordered: set[Mapping] = set()
        self._merge: Final = self._scalar(Scalar(0, 0, "<<")) if format_ is Format.YAML else -1

    def fingerprint(self, node: Node) -> int:
        """A number that says what is read: equal for equal data, and only for it."""
        node = resolved(node)
        if isinstance(node, Scalar):
            return self._scalar(node)
        known = self._collections
        waiting: list[Collection] = [node]
        looks = 0
        while waiting:
            looks += 1
            if looks % _NODES_BETWEEN_LOOKS == 0:
                self.deadline.look()
            last = waiting[-1]
            if last in known:
                waiting.pop()
                continue
            if self._order_counts and isinstance(last, Mapping):
                self._ordered.update(self._ordered_in(last))
            unknown = [part for part in _collections_in(last) if part not in known]
            if unknown:
                waiting += unknown
                continue
            known[last] = self._mapping(last) if isinstance(last, Mapping) else self._sequence(last)
        return known[node]

    def entries(self, mapping: Mapping) -> dict[int, Entry]:
        """By the key's fingerprint; those that a merge key brings come first, others in the order of the text.

        A merge key whose value no one here knows (``<<: !include x``) is an entry itself.
        """
        self.fingerprint(mapping)
        return self._entries(mapping)

    def reordered(self, old: Mapping, new: Mapping) -> bool:
        """Whether what both have stands in another order, and the order counts."""
        if new not in self._ordered:
            return False
        mine, others = self.entries(old), self.entries(new)
        return [key for key in mine if key in others] != [key for key in others if key in mine]

    def is_merge(self, key: Node) -> bool:
        """Whether ``key`` is a merge key, written as such: a quoted ``"<<"`` is a key like others."""
        return isinstance(key, Scalar) and self._scalar(key) == self._merge

    def data(self, node: Node) -> JsonValue:
        """What is read, to be shown to a person: what JSON cannot say is text, and what is too much is left out."""
        return shown(node, self)

    def _number(self, data: Hashable) -> int:
        return self._numbers.setdefault(data, len(self._numbers))

    def _scalar(self, node: Scalar) -> int:
        written = (node.value, not node.style, node.tag)
        number = self._scalars.get(written)
        if number is None:
            meanings = self.meanings(node)
            number = self._scalars[written] = self._number(meanings)
            self._read[number] = meanings
            if any(meaning != meanings[0] for meaning in meanings):
                self._split.add(number)
        return number

    def _part(self, node: Node) -> int:
        """``fingerprint`` of what is a scalar or known already."""
        if isinstance(node, Alias):
            node = node.target
        return self._scalar(node) if isinstance(node, Scalar) else self._collections[node]

    def _sequence(self, node: Sequence) -> int:
        return self._number(("seq", own_tag(node), tuple(map(self._part, node.values))))

    def _mapping(self, node: Mapping) -> int:
        part = self._part
        read = {part(key): part(value) for key, value in zip(node.keys, node.values, strict=True)}
        if self._merge in read:
            read = {key: part(entry.value) for key, entry in self._entries(node).items()}
        if node not in self._ordered and (self._split.isdisjoint(read) or not self._is_ambiguous(read)):
            return self._number(("map", own_tag(node), frozenset(read.items())))
        # Or keys that are one to a reader and two to another: what each of them gets depends on the order.
        ordered = tuple((key, part(entry.value)) for key, entry in self._entries(node).items())
        return self._number(("map", own_tag(node), ordered))

    def _ordered_in(self, node: Mapping) -> Iterator[Mapping]:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, Scalar) and key.value in self._order_counts:
                found = resolved(value)
                if isinstance(found, Mapping):
                    yield found

    def _is_ambiguous(self, keys: Iterable[int]) -> bool:
        scalars = [self._read[key] for key in keys if key in self._read]
        return any(len(set(seen)) < len(scalars) for seen in zip(*scalars, strict=True))

    def _entries(self, node: Mapping) -> dict[int, Entry]:
        known = self._merged.get(node)
        if known is not None:
            return known
        merges = [index for index, key in enumerate(node.keys) if self.is_merge(key)]
        if not merges:
            return self._own(node, ())
        found: dict[int, Entry] = {}
        sources = self._sources(node, merges)
        for source in sources or ():
            entries = self._entries(source)
            self._inherited += len(entries)
            if self._inherited > MAX_INHERITED:
                raise Unreadable(f"its merge keys bring more than {MAX_INHERITED} entries")
            found.update((key, entry._replace(at=None)) for key, entry in entries.items())
        own = self._own(node, () if sources is None else merges)
        found = {key: entry for key, entry in found.items() if key not in own} | own
        self._merged[node] = found
        return found

    def _own(self, node: Mapping, without: tuple[()] | list[int]) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        opaque = 0
        for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
            if index in without:
                continue
            if self.is_merge(key):
                number = self._number(("merge", opaque))
                opaque += 1
            else:
                number = self._part(key)
            found.pop(number, None)  # the last one counts, and stands where it stands
            found[number] = Entry(key, value, index)
        return found

    def _sources(self, node: Mapping, merges: list[int]) -> list[Mapping] | None:
        """The mappings that merge keys bring, the later one winning; None when one of them is none that we know."""
        sources: list[Mapping] = []
        for index in merges:
            value = resolved(node.values[index])
            parts = list(map(resolved, reversed(value.values))) if isinstance(value, Sequence) else [value]
            for part in parts:
                if not isinstance(part, Mapping):
                    return None
                if any(self.is_merge(key) for key in part.keys) and self._is_opaque(part):
                    return None
                sources.append(part)
        return sources

    def _is_opaque(self, node: Mapping) -> bool:
        return any(self.is_merge(entry.key) for entry in self._entries(node).values())


def resolved(node: Node) -> Scalar | Collection:
    """What an alias stands for, anything else itself."""
    return node.target if isinstance(node, Alias) else node


def _collections_in(node: Collection) -> Iterator[Collection]:
    for part in node.values:
        if not isinstance(part, Scalar) and not isinstance(found := resolved(part), Scalar):
            yield found
    if isinstance(node, Mapping):
        for key in node.keys:
            if not isinstance(key, Scalar) and not isinstance(found := resolved(key), Scalar):
                yield found


def own_tag(node: Collection) -> str | None:
    """The tag as far as it is part of the data: not the one that says what is plain to see."""
    return None if node.tag in {"!", STANDARD + ("map" if isinstance(node, Mapping) else "seq")} else node.tag
