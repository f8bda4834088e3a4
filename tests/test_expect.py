"""confkeep.expect: what a save expects to replace."""

from __future__ import annotations

from confkeep.expect import ABSENT, ANYTHING, Expect


def test_one_of_several_contents() -> None:
    """If-Match with etags."""
    expect = Expect(etags=frozenset({"aa", "bb"}))
    assert expect.holds("aa")
    assert not expect.holds("cc")
    assert not expect.holds(None)
    assert str(expect) == "aa or bb"


def test_anything_that_exists() -> None:
    """If-Match: *."""
    assert ANYTHING.holds("aa")
    assert not ANYTHING.holds(None)
    assert str(ANYTHING) == "any existing file"


def test_nothing() -> None:
    """If-None-Match: *."""
    assert ABSENT.holds(None)
    assert not ABSENT.holds("aa")
    assert str(ABSENT) == "no file"
