"""confkeep.recovery: what a content is taken for, whatever the bytes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from confkeep.history.intents import Intent
from confkeep.recovery import Found, classify


def intent(old: bytes | None, new: bytes) -> Intent:
    """An open intent."""
    return Intent(1, "/a", None, mount_root=False, old=old, new=new, route="overwrite", batch=1, back=False)


@given(st.binary(max_size=40), st.binary(max_size=40), st.data())
def test_whatever_a_crash_leaves_is_recognised(old: bytes, new: bytes, data: st.DataObject) -> None:
    """Any length between the two, each byte that of old, of new, or zero: never taken for somebody else's."""
    shortest, longest = sorted((len(old), len(new)))
    length = data.draw(st.integers(shortest, longest))
    sides = [old.ljust(length, b"\0"), new.ljust(length, b"\0"), bytes(length)]
    picks = data.draw(st.lists(st.integers(0, 2), min_size=length, max_size=length))
    present = bytes(sides[pick][at] for at, pick in enumerate(picks))
    assert classify(present, intent(old, new), known=False) is not Found.OTHER
    assert classify(new, intent(old, new), known=False) is Found.NEW


@given(st.binary(min_size=1, max_size=20), st.binary(min_size=1, max_size=20), st.binary(max_size=40))
def test_any_foreign_byte_is_somebody_elses(old: bytes, new: bytes, present: bytes) -> None:
    """Torn is only what no other explanation is needed for."""
    foreign = any(byte not in {0, *old[at : at + 1], *new[at : at + 1]} for at, byte in enumerate(present))
    outside = not min(len(old), len(new)) <= len(present) <= max(len(old), len(new))
    if foreign or outside:
        assert classify(present, intent(old, new), known=False) is Found.OTHER
