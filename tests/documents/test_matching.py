from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents import matching as module
from confkeep.documents.matching import matching, rising

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEW = st.lists(st.integers(0, 4), max_size=12)


def _common(old: Sequence[int], new: Sequence[int]) -> int:
    """The length of the blocks, which are looked at."""
    at_old = at_new = 0
    for start_old, start_new, length in (blocks := matching(old, new)):
        assert length > 0
        assert start_old >= at_old
        assert start_new >= at_new
        assert not (at_old and start_old == at_old and start_new == at_new), "two blocks that are one"
        assert old[start_old : start_old + length] == new[start_new : start_new + length]
        at_old, at_new = start_old + length, start_new + length
    return sum(length for *_, length in blocks)


def _longest(old: Sequence[int], new: Sequence[int]) -> int:
    """By the textbook's table."""
    row = [0] * (len(new) + 1)
    for one in old:
        before, row = row, [0]
        for index, other in enumerate(new):
            row.append(before[index] + 1 if one == other else max(row[index], before[index + 1]))
    return row[-1]


@given(_FEW, _FEW)
def test_blocks_are_common_and_in_order(old: list[int], new: list[int]) -> None:
    """Whatever the sequences, each block stands in both, behind the one before."""
    assert _common(old, new) <= _longest(old, new)


@given(_FEW, _FEW)
def test_without_anchors_nothing_common_is_missed(old: list[int], new: list[int]) -> None:
    """Where patience does not choose, the blocks are a longest common subsequence."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_LEVELS", 0)
        assert _common(old, new) == _longest(old, new)


def test_an_unchanged_line_between_changes_is_found() -> None:
    """What is there once on each side, in the same order, stays."""
    assert matching("abXcd", "zzXyy") == [(2, 2, 1)]


def _random(seed: int, values: int, length: int) -> list[int]:
    random = Random(seed)
    return [random.randrange(values) for _ in range(length)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (list(range(20_000)), list(range(20_000, 40_000))),
        (list(range(20_000)), list(range(20_000))[::-1]),
        (_random(1, 50, 20_000), _random(2, 50, 20_000)),
        (_random(1, 2, 20_000), _random(2, 2, 20_000)),
        ([0, 1] * 10_000, [1, 0] * 10_000),
        ([n // 2 for n in range(20_000)], [n // 2 for n in range(20_000)][::-1]),
    ],
    ids=["nothing-in-common", "reversed", "fifty-values", "two-values", "alternating", "pairs-reversed"],
)
def test_work_is_bounded(old: list[int], new: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty thousand lines take no more than the steps allowed, and one round beyond them; the blocks are right."""
    searches: list[module._Search] = []  # pyright: ignore[reportPrivateUsage] - its steps are what is bounded

    class Counted(module._Search):  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        def __init__(self, old: Sequence[int], new: Sequence[int]) -> None:
            super().__init__(old, new)
            searches.append(self)

    monkeypatch.setattr(module, "_Search", Counted)
    _common(old, new)
    assert searches[0].steps > -(len(old) + len(new)) * 2


@given(st.lists(st.integers(), unique=True, max_size=30))
def test_rising_is_the_longest(numbers: list[int]) -> None:
    """The positions rise, so do the numbers at them, and no longer run does."""
    positions = rising(numbers)
    found = [numbers[n] for n in positions]
    assert positions == sorted(positions)
    assert found == sorted(found)
    assert len(found) == _longest(numbers, sorted(numbers))
