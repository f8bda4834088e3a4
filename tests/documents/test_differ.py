"""The smallest changes that make one text read as another does."""

from __future__ import annotations

import pytest

from confkeep.documents.changes import Add, Insert, Remove, Replace, Source, Value
from confkeep.documents.deadline import Deadline
from confkeep.documents.dialect import Dialect
from confkeep.documents.differ import changes
from confkeep.documents.format import Format
from confkeep.documents.reading import Reading
from confkeep.documents.streams import compose

SHARED = "b: &b {v: 1}\nu: *b\nm: {<<: *b, w: 1}\n"


def told(old: str, new: str, dialect: Dialect = Dialect.HOME_ASSISTANT, *, coarse: int = 0) -> list[str]:
    """The changes in words: what is done to the text at which place, and with which new text."""
    one, other = (compose(text, Format.YAML, Deadline(5)) for text in (old, new))
    found: list[str] = []
    for change in changes(one, other, Reading(Format.YAML, dialect, Deadline(5)), coarse=coarse):
        if isinstance(change, Remove):
            place = change.container.values[change.index]
            found.append(f"remove {old[place.start : place.end]}")
        elif isinstance(change, Replace):
            place = one.roots[change.index] if change.container is None else change.container.values[change.index]
            found.append(f"replace {old[place.start : place.end]} by {_new(change.new)}")
        elif isinstance(change, Insert):
            found.append(f"insert {change.index} {_new(change.new)}")
        elif isinstance(change, Add):
            found.append(f"add {change.index} {_new(change.key)}: {_new(change.new)}")
        else:
            found.append(f"rename {change.index} {_new(change.key)}")
    return found


def _new(new: Value | Source) -> str:
    return repr(new.data) if isinstance(new, Value) else new.text[new.node.start : new.node.end]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{a: 1, b: 2}", "{b: 2, a: 1}", []),
        ("at: 17:30:00", "at: 63000", []),
        ("{a: 1, b: 2}", "{a: 1, b: 3}", ["replace 2 by 3"]),
        ("{a: 1}", "{a: '1'}", ["replace 1 by '1'"]),
        ("{a: x}", "{a: 'y'}", ["replace x by 'y'"]),
        ("{a: {b: {c: 1, d: 2}}}", "{a: {b: {c: 1, d: 3}}}", ["replace 2 by 3"]),
        ("{a: 1, c: 3}", "{a: 1, b: 2, c: 3}", ["add 1 b: 2"]),
        ("{a: 1}", "{b: 2, a: 1}", ["add 0 b: 2"]),
        ("{a: 1, b: 2}", "{b: 2}", ["remove 1"]),
        ("{a: 1, a: 2, b: 3}", "{b: 3}", ["remove 1", "remove 2"]),
        ("{a: 1, a: 2}", "{a: 1}", ["replace 2 by 1"]),
        ("[1, 2, 3]", "[1, 3]", ["remove 2"]),
        ("[1, 3]", "[1, 2, 3]", ["insert 1 2"]),
        ("[1, 2, 3]", "[3, 1, 2]", ["insert 0 3", "remove 3"]),
        (
            "[{id: 1, v: 1}, {id: 2}]",
            "[{id: 2}, {id: 1, v: 2}]",
            ["insert 0 {id: 2}", "remove {id: 2}", "replace 1 by 2"],
        ),
        ("a: 1", "[1]", ["replace a: 1 by [1]"]),
        ("!x {a: 1}", "!y {a: 1}", ["replace !x {a: 1} by !y {a: 1}"]),
        ("{<<: !include a}", "{<<: !include b}", ["replace !include a by !include b"]),
        ("--- 1\n--- 2", "--- 1\n--- 3", ["replace 2 by 3"]),
        ("# nothing", "[1]", None),
    ],
)
def test_only_what_differs(old: str, new: str, expected: list[str] | None) -> None:
    """Keys in any order, as the reader has them; new parts behind the one that is before them."""
    if expected is None:
        stream, other = compose(old, Format.YAML, Deadline(5)), compose(new, Format.YAML, Deadline(5))
        [change] = changes(stream, other, Reading(Format.YAML, Dialect.GENERIC, Deadline(5)))
        assert isinstance(change, Replace)
        assert change.container is None
        return
    assert told(old, new) == expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ("{b: {v: 1}, u: {v: 1}, m: {v: 1, w: 1}}", []),
        ("{b: {v: 2}, u: {v: 2}, m: {v: 2, w: 1}}", ["replace 1 by 2"]),
        ("{b: {v: 2}, u: {v: 1}, m: {v: 1, w: 1}}", ["replace 1 by 2"]),
        ("{b: {v: 1}, u: {v: 2}, m: {v: 1, w: 1}}", ["replace *b by {v: 2}"]),
        ("{b: {v: 1}, u: {v: 1}, m: {v: 2, w: 1}}", ["add 1 v: 2"]),
        ("{b: {v: 1}, u: {v: 1}, m: {w: 1}}", ["remove *b"]),
        ("{b: {v: 1}, u: {v: 1}, m: {w: 2}}", ["replace 1 by 2"]),
        ("{u: {v: 1}, m: {v: 1, w: 1}}", ["remove &b {v: 1}", "replace *b by &b {v: 1}", "replace *b by &b {v: 1}"]),
        ("{b: 1, u: {v: 1}, m: {v: 1, w: 1}}", ["replace &b {v: 1} by 1"]),
    ],
)
def test_what_is_shared_is_written_out_when_nothing_else_is_left(new: str, expected: list[str]) -> None:
    """The anchor first: its change may be all that is needed; one that goes leaves its value to all who use it."""
    assert told(SHARED, new) == expected


@pytest.mark.parametrize(
    ("coarse", "expected"),
    [
        (0, "replace 1 by 2"),
        (1, "replace {c: 1} by {c: 2}"),
        (2, "replace {b: {c: 1}} by {b: {c: 2}}"),
        (9, "replace {a: {b: {c: 1}}} by {a: {b: {c: 2}}}"),
    ],
)
def test_coarser_changes_replace_what_is_around(coarse: int, expected: str) -> None:
    """Level by level, up to the whole document."""
    assert told("{a: {b: {c: 1}}}", "{a: {b: {c: 2}}}", coarse=coarse) == [expected]


def test_a_new_value_names_its_text() -> None:
    """A number is taken over as it is written, a text that replaces a text is written as that one was."""
    found = told("{a: 1, b: x, c: !s x}", "{a: 0x10, b: y, c: y}")
    assert found == ["replace 1 by 0x10", "replace x by 'y'", "replace !s x by y"]


def test_add_is_told_by_its_kind() -> None:
    """What is new is an ``Add`` to a mapping."""
    one, other = (compose(text, Format.YAML, Deadline(5)) for text in ("{a: 1}", "{a: 1, b: 2}"))
    [change] = changes(one, other, Reading(Format.YAML, Dialect.GENERIC, Deadline(5)))
    assert isinstance(change, Add)
    assert isinstance(change.new, Source)
