"""Items of two lists that nothing names: paired by how much they have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.reading import resolved

if TYPE_CHECKING:
    from confkeep.documents.node import Collection, Node
    from confkeep.documents.reading import Reading

_SAME_KEY: Final = 0.25
_SAME_KIND: Final = 0.1
_MOST_CHARACTERS: Final = 1_000


def best_pairs(
    old: Sequence, old_run: list[int], new: Sequence, new_run: list[int], reading: Reading
) -> list[tuple[int, int]]:
    """Pairs of indexes out of two runs, both rising, with the greatest likeness in all; only of one kind and tag.

    Every item is compared with every other one.
    """
    alike: list[list[float]] = []
    for index in old_run:
        reading.deadline.look()
        alike.append([likeness(old.values[index], new.values[new_index], reading) for new_index in new_run])
    return [(old_run[a], new_run[b]) for a, b in _greatest(alike)]


def first_pairs(
    old: Sequence, old_run: list[int], new: Sequence, new_run: list[int], reading: Reading
) -> list[tuple[int, int]]:
    """The first of one run with the first of the other, and so on; only of one kind and tag."""
    pairs = zip(old_run, new_run, strict=False)
    return [pair for pair in pairs if likeness(old.values[pair[0]], new.values[pair[1]], reading) > 0]


def _greatest(alike: list[list[float]]) -> list[tuple[int, int]]:
    """The rising pairs with the greatest sum (Needleman and Wunsch's table, without a price for gaps)."""
    height, width = len(alike), len(alike[0])
    best = [[0.0] * (width + 1) for _ in range(height + 1)]
    for a in range(height - 1, -1, -1):
        for b in range(width - 1, -1, -1):
            best[a][b] = max(best[a + 1][b], best[a][b + 1], best[a + 1][b + 1] + alike[a][b])
    found: list[tuple[int, int]] = []
    a = b = 0
    while a < height and b < width:
        if alike[a][b] > 0 and best[a][b] == best[a + 1][b + 1] + alike[a][b]:
            found.append((a, b))
            a, b = a + 1, b + 1
        elif best[a][b] == best[a + 1][b]:
            a += 1
        else:
            b += 1
    return found


def likeness(old: Node, new: Node, reading: Reading) -> float:
    """From 0, nothing in common, to 1."""
    one, other = resolved(old), resolved(new)
    if one.__class__ is not other.__class__ or one.tag != other.tag:
        return 0.0
    return _SAME_KIND + (1 - _SAME_KIND) * _shared(one, other, reading)


def _shared(one: Scalar | Collection, other: Scalar | Collection, reading: Reading) -> float:
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return _texts(one.value, other.value)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _mappings(one, other, reading)
    if isinstance(one, Sequence) and isinstance(other, Sequence):
        return _values(one, other, reading)
    return 0.0


def _texts(one: str, other: str) -> float:
    """How much of the longer one their common beginning and end are."""
    one, other = one[:_MOST_CHARACTERS], other[:_MOST_CHARACTERS]
    shorter, longer = sorted((one, other), key=len)
    if not longer:
        return 1.0
    start = next((n for n, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest, other_rest = shorter[start:][::-1], longer[start:][::-1]
    end = next((n for n, (a, b) in enumerate(zip(rest, other_rest, strict=False)) if a != b), len(rest))
    return (start + end) / len(longer)


def _mappings(one: Mapping, other: Mapping, reading: Reading) -> float:
    mine, others = reading.entries(one), reading.entries(other)
    shared = mine.keys() & others.keys()
    equal = sum(1 for key in shared if reading.fingerprint(mine[key].value) == reading.fingerprint(others[key].value))
    most = max(len(mine), len(others))
    return (equal + _SAME_KEY * (len(shared) - equal)) / most if most else 1.0


def _values(one: Sequence, other: Sequence, reading: Reading) -> float:
    mine, others = set(map(reading.fingerprint, one.values)), set(map(reading.fingerprint, other.values))
    most = max(len(mine), len(others))
    return len(mine & others) / most if most else 1.0
