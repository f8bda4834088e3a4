"""Which parts of two collections are the same part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.align import align
from confkeep.documents.deadline import Deadline
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.node import Alias, Scalar
from confkeep.documents.reading import Reading
from confkeep.documents.streams import compose

Pair = tuple[int | None, int | None]


def aligned(old: str, new: str, dialect: Dialect = Dialect.GENERIC) -> list[Pair]:
    """What ``align`` finds in two texts."""
    one, other = (compose(text, Format.YAML, Deadline(20)).roots[0] for text in (old, new))
    assert not isinstance(one, Scalar | Alias)
    assert not isinstance(other, Scalar | Alias)
    return align(one, other, Reading(Format.YAML, dialect, Deadline(20)))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{a: 1, b: 2}", "{b: 3, a: 1}", [(1, 0), (0, 1)]),
        ("{a: 1, b: 2}", "{c: 1, b: 2}", [(None, 0), (1, 1), (0, None)]),
        ("{a: 1, b: 2, a: 3}", "{a: 3}", [(2, 0), (1, None)]),
        ("{<<: {a: 1}, b: 1}", "{a: 1, b: 1}", [(None, 0), (1, 1)]),
        ("{'1': x, 1: y}", "{1: y, '1': x}", [(1, 0), (0, 1)]),
    ],
)
def test_mappings_go_by_their_keys(old: str, new: str, expected: list[Pair]) -> None:
    """As they are read; duplicates by the last, what merge keys bring by none."""
    assert aligned(old, new) == expected


def test_keys_are_those_of_the_reader() -> None:
    """A key ``on`` is true to Home Assistant."""
    assert aligned("{on: 1}", "{true: 1}", Dialect.HOME_ASSISTANT) == [(0, 0)]
    assert aligned("{on: 1}", "{true: 1}") == [(None, 0), (0, None)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[a, b, c]", "[a, x, c]", [(0, 0), (1, 1), (2, 2)]),
        ("[a, b, c]", "[a, c]", [(0, 0), (2, 1), (1, None)]),
        ("[a, b]", "[b, a]", [(1, 0), (0, 1)]),
        ("[a, a, b]", "[b, a, a]", [(2, 0), (0, 1), (1, 2)]),
        ("[{id: 1, x: 1}, {id: 2}]", "[{id: 2, y: 1}, {id: 1, x: 2}]", [(1, 0), (0, 1)]),
        ("[{alias: a, x: 1}, {alias: b, x: 2}]", "[{alias: b, x: 1}]", [(1, 0), (0, None)]),
        ("[{platform: p, x: 1}, {platform: p, x: 2}]", "[{platform: p, x: 1}, {platform: p, x: 3}]", [(0, 0), (1, 1)]),
        ("[{p: 1, q: 1}, {r: 1, s: 1}]", "[{r: 1, s: 2}]", [(1, 0), (0, None)]),
        ("[light.hall, light.kitchen]", "[light.kitchen_2]", [(1, 0), (0, None)]),
        ("[[1, 2], [3, 4]]", "[[3, 5]]", [(1, 0), (0, None)]),
        ("[a]", "[[a]]", [(None, 0), (0, None)]),
        ("[]", "[a]", [(None, 0)]),
        ("[a]", "{a: 1}", [(None, 0), (0, None)]),
    ],
)
def test_items_go_by_value_then_name_then_likeness(old: str, new: str, expected: list[Pair]) -> None:
    """The surest sign first."""
    assert aligned(old, new) == expected


VALUES = st.lists(st.sampled_from(["a", "b", "{id: 1}", "{id: 1, x: 2}", "{id: 2}", "[a]", "[b, a]"]), max_size=12)


@given(VALUES, VALUES)
def test_every_part_is_named_once(old: list[str], new: list[str]) -> None:
    """All of new's in its order, then what is gone; items that are the same data are never left unpaired."""
    pairs = aligned(f"[{', '.join(old)}]", f"[{', '.join(new)}]")
    assert [index for _, index in pairs if index is not None] == list(range(len(new)))
    assert sorted(index for index, _ in pairs if index is not None) == list(range(len(old)))
    lost = [old[index] for index, new_index in pairs if new_index is None and index is not None]
    found = [new[new_index] for index, new_index in pairs if index is None and new_index is not None]
    assert not set(lost) & set(found)


@pytest.mark.parametrize("item", ["x{}", "{{id: {}, v: 1}}", "{{v: {}}}", "[{}]"])
def test_what_is_too_much_to_be_compared_is_paired_by_its_place(item: str) -> None:
    """Every pair of long runs is not looked at: the first goes with the first."""
    old = ", ".join(item.format(n) for n in range(400))
    new = ", ".join(item.format(n + 1_000) for n in range(300))
    pairs = aligned(f"[{old}]", f"[{new}]")
    assert pairs[:300] == [(n, n) for n in range(300)]
