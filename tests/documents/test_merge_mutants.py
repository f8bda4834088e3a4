"""The tests of the merge can fail: each guarantee has a merge that breaks it on purpose, and a check that notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.merge import Labels, merge
from confkeep.documents.merging import entries, items, pairing, proof

if TYPE_CHECKING:
    from collections.abc import Callable

_BASE: Final = "- id: 1\n  a: 1\n  b: 1\n- id: 2\n  a: 1\n- id: 3\n"


def _is_clean(base: str, mine: str, theirs: str, times: dict[str, int] | None = None) -> bool:
    """Whether the merge says that there is no conflict, and each text of ``times`` is as often in it as that says."""
    a, b, c = (text.encode() for text in (base, mine, theirs))
    found = merge(a, b, c, Format.YAML, Dialect.GENERIC, labels=Labels(), seconds=60)
    counts = {text: found.data.decode().count(text) for text in times or {}}
    return not found.conflicts and counts == (times or {})


def changed_and_removed() -> bool:
    """An entry that one side changed and the other removed."""
    return not _is_clean(_BASE, _BASE.replace("b: 1", "b: 2"), _BASE.replace("  b: 1\n", ""))


def item_changed_and_removed() -> bool:
    """The same of an item."""
    return not _is_clean(_BASE, _BASE.replace("b: 1", "b: 2"), _BASE.partition("- id: 2")[2].join(("- id: 2", "")))


def one_key_twice() -> bool:
    """The same entry, added by both at different places."""
    base = "a: 1\nb: 2\nc: 3\n"
    return _is_clean(base, "new: 1\n" + base, base + "new: 1\n", {"new": 1})


def comment_in_what_was_removed() -> bool:
    """A side that only wrote a comment, in an item that the other removed."""
    return not _is_clean(_BASE, _BASE.replace("id: 3", "id: 3 # why"), _BASE.replace("- id: 3\n", ""))


def one_name_twice() -> bool:
    """Two new items that are not the same, under one name."""
    return not _is_clean(_BASE, "- id: 4\n  m: 1\n" + _BASE, _BASE + "- id: 4\n  t: 1\n")


def replaced_by_two() -> bool:
    """One item, replaced by different ones."""
    return not _is_clean(_BASE, _BASE.replace("id: 3", "id: 4"), _BASE.replace("id: 3", "id: 5"))


def two_orders() -> bool:
    """A list that both sides ordered, not alike."""
    return not _is_clean("[a, b, c]\n", "[b, a, c]\n", "[a, c, b]\n")


def removals_win(patch: pytest.MonkeyPatch) -> None:
    """An entry that theirs removed is gone, whatever mine made of it."""
    patch.setattr(entries, "_removed_by_theirs", _nothing)


def item_removals_win(patch: pytest.MonkeyPatch) -> None:
    """The same of items."""
    patch.setattr(items._Items, "_look_at_removed", _nothing)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - to break it


def doubles_do_not_count(patch: pytest.MonkeyPatch) -> None:
    """As long as it reads right."""
    patch.setattr(proof, "_doubles", _zero)


def comments_do_not_count(patch: pytest.MonkeyPatch) -> None:
    """As long as the data is right."""
    patch.setattr(proof, "keeps_comments", _true)


def everything_is_proved(patch: pytest.MonkeyPatch) -> None:
    """The first draft is good enough."""
    patch.setattr(proof.Proof, "holds", _true)


def names_say_nothing(patch: pytest.MonkeyPatch) -> None:
    """New items are new items."""
    patch.setattr(items, "names_of", _none)


def losses_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What was replaced was removed, and something else was added."""
    patch.setattr(pairing.Pairing, "gaps_of_lost", _none)


def orders_agree(patch: pytest.MonkeyPatch) -> None:
    """Theirs is as good as any."""
    patch.setattr(pairing.Pairing, "same_order", property(_true, _nothing), raising=False)


def _nothing(*_: object) -> None:
    """Not done."""


def _none(*_: object) -> dict[int, int]:
    return {}


def _zero(*_: object) -> int:
    return 0


def _true(*_: object) -> bool:
    return True


class Mutant(NamedTuple):
    """A broken merge, and the check that must notice."""

    mutation: Callable[[pytest.MonkeyPatch], None]
    check: Callable[[], bool]

    def __str__(self) -> str:
        return "-".join([getattr(self.mutation, "__name__", ""), getattr(self.check, "__name__", "")])


MUTANTS = [
    Mutant(removals_win, changed_and_removed),
    Mutant(item_removals_win, item_changed_and_removed),
    Mutant(doubles_do_not_count, one_key_twice),
    Mutant(comments_do_not_count, comment_in_what_was_removed),
    Mutant(everything_is_proved, comment_in_what_was_removed),
    Mutant(everything_is_proved, one_key_twice),
    Mutant(names_say_nothing, one_name_twice),
    Mutant(losses_are_forgotten, replaced_by_two),
    Mutant(orders_agree, two_orders),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_broken_merge_is_noticed(monkeypatch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """The check finds nothing wrong with the real merge, and something with its mutant."""
    assert mutant.check()
    with monkeypatch.context() as patch:
        mutant.mutation(patch)
        assert not mutant.check()
