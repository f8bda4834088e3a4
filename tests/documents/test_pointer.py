"""confkeep.documents.pointer: RFC 6901."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.pointer import index_of, pointer_of, steps
from confkeep.errors import BadPatch


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("", ()),
        ("/foo", ("foo",)),
        ("/foo/0", ("foo", "0")),
        ("/", ("",)),
        ("/a~1b", ("a/b",)),
        ("/c%d", ("c%d",)),
        ("/i\\j", ("i\\j",)),
        ('/k"l', ('k"l',)),
        ("/ ", (" ",)),
        ("/m~0n", ("m~n",)),
        ("/~01", ("~1",)),
        ("//", ("", "")),
    ],
)
def test_the_examples_of_section_5(pointer: str, expected: tuple[str, ...]) -> None:
    """And ~01, which is ~1, not a slash; and empty names."""
    assert steps(pointer) == expected
    assert pointer_of(expected) == pointer


@pytest.mark.parametrize("pointer", ["a", "#/a", "/~", "/a~2", "/~~0", " /a", "/a" * 300])
def test_what_the_grammar_does_not_allow(pointer: str) -> None:
    """Section 3; and no pointer is longer than documents are deep."""
    with pytest.raises(BadPatch):
        steps(pointer)


@given(st.lists(st.text(), max_size=9))
def test_all_names_can_be_said(names: list[str]) -> None:
    """Whatever their characters."""
    assert steps(pointer_of(names)) == tuple(names)


@pytest.mark.parametrize(("step", "index"), [("0", 0), ("10", 10), ("1", 1)])
def test_indexes(step: str, index: int) -> None:
    """Digits."""
    assert index_of(step) == index


@pytest.mark.parametrize("step", ["", "-", "01", "-1", "+1", "1.0", "1e0", " 1", "\u0661", "a", "9" * 30])
def test_what_is_no_index(step: str) -> None:
    """Leading zeros, signs, digits of other alphabets."""
    assert index_of(step) is None
