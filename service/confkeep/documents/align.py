"""Which parts of two collections are the same part, before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.documents.matching import matching, rising
from confkeep.documents.node import Mapping, Scalar
from confkeep.documents.reading import resolved
from confkeep.documents.similar import best_pairs, first_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.documents.node import Collection, Sequence
    from confkeep.documents.reading import Reading

Pairs: TypeAlias = "list[tuple[int | None, int | None]]"

#: What items of a list are known by, the surest first: Home Assistant, ESPHome, Compose, Frigate, Prometheus.
NAMES: Final = (
    "id",
    "unique_id",
    "alias",
    "name",
    "entity_id",
    "platform",
    "service",
    "action",
    "condition",
    "trigger",
)


#: Pairs of items of two lists that are looked at for their likeness; beyond, the first goes with the first.
MOST_COMPARED: Final = 100_000


def align(old: Collection, new: Collection, reading: Reading) -> Pairs:
    """Pairs of indexes, None where the other has no such part: first all of new's in its order, then what is gone.

    Two mappings by their keys as they are read; of duplicates only the last counts and is named, and what a merge key
    brings is named by no index. Two sequences by equal items first, wherever they stand; then by what mappings are
    known by (NAMES), where that is unique on both sides; then by likeness, between neighbours that are paired.
    A mapping and a sequence have nothing in common.
    """
    if isinstance(old, Mapping):
        return _mappings(old, new, reading) if isinstance(new, Mapping) else _strangers(old, new)
    return _strangers(old, new) if isinstance(new, Mapping) else _sequences(old, new, reading)


def _strangers(old: Collection, new: Collection) -> Pairs:
    return [*((None, index) for index in range(len(new.values))), *((index, None) for index in range(len(old.values)))]


def _mappings(old: Mapping, new: Mapping, reading: Reading) -> Pairs:
    mine, others = _indexes(old, reading), _indexes(new, reading)
    pairs: Pairs = [(mine.get(key), index) for key, index in others.items()]
    pairs += ((index, None) for key, index in mine.items() if key not in others)
    return pairs


def _indexes(mapping: Mapping, reading: Reading) -> dict[int, int]:
    return {key: entry.at for key, entry in reading.entries(mapping).items() if entry.at is not None}


def _sequences(old: Sequence, new: Sequence, reading: Reading) -> Pairs:
    mine, others = list(map(reading.fingerprint, old.values)), list(map(reading.fingerprint, new.values))
    same = [(a + n, b + n) for a, b, length in matching(mine, others) for n in range(length)]
    pairs = _Pairing(same, len(mine), len(others))
    pairs.take(_by_value(pairs.old_left, mine, pairs.new_left, others))
    for name in NAMES:
        pairs.take(_by_name(name, pairs, old, new, reading))
    pairs.take(_by_likeness(pairs, old, new, reading))
    return pairs.all()


class _Pairing:
    """What is paired so far, and what is left on both sides."""

    def __init__(self, pairs: list[tuple[int, int]], old: int, new: int) -> None:
        self._of_new = {new_index: index for index, new_index in pairs}
        self._sizes = old, new
        self._look()

    def take(self, pairs: Iterable[tuple[int, int]]) -> None:
        """More of them."""
        more = {new_index: index for index, new_index in pairs}
        if more:
            self._of_new |= more
            self._look()

    def _look(self) -> None:
        taken = set(self._of_new.values())
        self.old_left = [index for index in range(self._sizes[0]) if index not in taken]
        self.new_left = [index for index in range(self._sizes[1]) if index not in self._of_new]

    def runs(self) -> list[tuple[list[int], list[int]]]:
        """What is left on both sides between two neighbours that stayed in their order."""
        ordered = sorted((new_index, index) for new_index, index in self._of_new.items())
        fixed = [ordered[n] for n in rising([index for _, index in ordered])]
        found: list[tuple[list[int], list[int]]] = []
        old_left, new_left = list(reversed(self.old_left)), list(reversed(self.new_left))
        for new_end, end in [*fixed, (self._sizes[1], self._sizes[0])]:
            old_run = _below(old_left, end)
            new_run = _below(new_left, new_end)
            if old_run and new_run:
                found.append((old_run, new_run))
        return found

    def all(self) -> Pairs:
        """As ``align`` has them."""
        pairs: Pairs = [(self._of_new.get(index), index) for index in range(self._sizes[1])]
        pairs += ((index, None) for index in self.old_left)
        return pairs


def _below(left: list[int], end: int) -> list[int]:
    """Take those below ``end`` from ``left``, which falls."""
    found: list[int] = []
    while left and left[-1] < end:
        found.append(left.pop())
    return found


def _by_value(old_left: list[int], mine: list[int], new_left: list[int], others: list[int]) -> list[tuple[int, int]]:
    """Equal items out of their order: the first with the first."""
    waiting: dict[int, list[int]] = {}
    for index in reversed(old_left):
        waiting.setdefault(mine[index], []).append(index)
    return [(waiting[others[index]].pop(), index) for index in new_left if waiting.get(others[index])]


def _by_name(name: str, left: _Pairing, old: Sequence, new: Sequence, reading: Reading) -> list[tuple[int, int]]:
    if not left.old_left or not left.new_left:
        return []
    mine, others = _named(name, old, left.old_left, reading), _named(name, new, left.new_left, reading)
    return [(index, others[value]) for value, index in mine.items() if value in others]


def _by_likeness(left: _Pairing, old: Sequence, new: Sequence, reading: Reading) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    budget = MOST_COMPARED
    for old_run, new_run in left.runs():
        pairs = best_pairs if len(old_run) * len(new_run) <= budget else first_pairs
        budget -= len(old_run) * len(new_run) if pairs is best_pairs else 0
        found += pairs(old, old_run, new, new_run, reading)
    return found


def _named(name: str, items: Sequence, left: list[int], reading: Reading) -> dict[int, int]:
    """The items left that have a scalar ``name`` which no other item left has, by its fingerprint."""
    found: dict[int, int] = {}
    several: set[int] = set()
    for index in left:
        item = resolved(items.values[index])
        value = _value_of(item, name) if isinstance(item, Mapping) else None
        if value is None:
            continue
        number = reading.fingerprint(value)
        if number in found:
            several.add(number)
        found[number] = index
    return {number: index for number, index in found.items() if number not in several}


def _value_of(item: Mapping, name: str) -> Scalar | None:
    """Of the last entry whose key is the text ``name``."""
    for key, value in zip(reversed(item.keys), reversed(item.values), strict=True):
        if isinstance(key, Scalar) and key.value == name:
            found = resolved(value)
            return found if isinstance(found, Scalar) else None
    return None
