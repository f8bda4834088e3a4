"""confkeep.documents.prove: what is not exactly what was asked for is refused, however it came to be."""

from __future__ import annotations

import pytest

from confkeep.documents.changes import Add, Change, Insert, Remove, Replace, Source, Value
from confkeep.documents.deadline import Deadline
from confkeep.documents.format import Format
from confkeep.documents.node import Mapping, Sequence, Stream
from confkeep.documents.prove import prove
from confkeep.documents.streams import compose
from confkeep.errors import NotRepresentable

OLD = """# head
a: &x 'on'   # about a
b: *x

# about c
c:
  - 1
  # about two
  - "two"
d: {k: v}
e: |
  text
"""


def stream(text: str) -> Stream:
    """Of YAML."""
    return compose(text, Format.YAML, Deadline(60))


def proven(new: str, make: str, old: str = OLD) -> bool:
    """Whether ``new`` is proven to be ``old`` with the change that ``make`` names."""
    before = stream(old)
    root = before.roots[0]
    assert isinstance(root, Mapping)
    items = root.values[2]
    assert isinstance(items, Sequence)
    changes: dict[str, list[Change]] = {
        "nothing": [],
        "replace": [Replace(items, 0, Value(5))],
        "string": [Replace(items, 0, Value("off"))],
        "collection": [Replace(items, 0, Value({"p": [1.0, None]}))],
        "insert": [Insert(items, 1, Value(5))],
        "add": [Add(root, 5, Value("z"), Value(5))],
        "remove": [Remove(items, 1)],
        "copy": [Add(root, 5, Value("z"), Source(root.values[3], old))],
        "root": [Replace(None, 0, Value([]))],
    }
    try:
        prove(before, changes[make], stream(new), Format.YAML, Deadline(60))
    except NotRepresentable:
        return False
    return True


REPLACED = OLD.replace("- 1", "- 5")


def test_what_was_asked_for() -> None:
    """Is proven."""
    assert proven(OLD, "nothing")
    assert proven(REPLACED, "replace")
    assert proven(OLD.replace("- 1", "- 'off'"), "string")
    assert proven(OLD.replace("- 1", "- p: [1.0, null]"), "collection")
    assert proven(OLD.replace("- 1\n", "- 1\n  - 5\n"), "insert")
    assert proven(OLD + "z: 5\n", "add")
    assert proven(OLD.replace('  # about two\n  - "two"\n', ""), "remove")
    assert proven(OLD + "z: {k: v}\n", "copy")
    assert proven(OLD + "z:\n  k: v\n", "copy")
    assert proven("# head\n[]\n", "root")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'on'", "on"),
        ("'on'", '"on"'),
        ("*x", "'on'"),
        ("- 5", "- 6"),
        ("- 5", "- '5'"),
        ("- 5", "- 5.0"),
        ("- 5", "- 05.0"),
        ("- 5", "- !t 5"),
        ("- 5", "- 5\n  - 5"),
        ('"two"', "two"),
        ("d: {k: v}", "d:\n  k: v"),
        ("d: {k: v}", "d: {k: w}"),
        ("d: {k: v}", "d: {}"),
        ("d: {k: v}", "d: [k: v]"),
        ("d: {k: v}", "d: !t {k: v}"),
        ("d: {k: v}", "D: {k: v}"),
        ("d: {k: v}\n", ""),
        ("e: |", "e: >"),
        ("  text", "  text "),
        ("# about c\n", ""),
        ("   # about a", ""),
        ("# about two", "# about too"),
        ("# head\n", ""),
        ("e: |\n  text\n", "e: |\n  text\n---\nx\n"),
    ],
)
def test_anything_else(old: str, new: str) -> None:
    """Is not: values, kinds, styles, tags, anchors, aliases, keys, comments."""
    assert old in REPLACED
    assert not proven(REPLACED.replace(old, new), "replace")


@pytest.mark.parametrize(
    ("new", "make"),
    [
        (OLD.replace("- 1", "- off"), "string"),  # a bool to YAML 1.1
        (OLD.replace("- 1", "- {p: [1, null]}"), "collection"),
        (OLD.replace("- 1", "- {p: [1.0, none]}"), "collection"),
        (OLD.replace("- 1", "- *x"), "string"),
        (OLD.replace("- 1\n", "- 5\n  - 1\n"), "insert"),
        ("z: 5\n" + OLD, "add"),
        (OLD + "'z': '5'\n", "add"),
        (OLD.replace('  - "two"\n', "").replace("# head\n", ""), "remove"),
        (OLD.replace("  - 1\n", ""), "remove"),
        (OLD + "z: {k: 'w'}\n", "copy"),
        (OLD + "z: [k, v]\n", "copy"),
        ("[]\n", "root"),
        ("# head\n{}\n", "root"),
    ],
)
def test_other_changes(new: str, make: str) -> None:
    """The wrong value, at the wrong place, or with a comment of others."""
    assert not proven(new, make)


def test_an_alias_keeps_its_target() -> None:
    """Though its name is the same."""
    old = "a: &x 1\nc: 0\nz: [1]\nb: *x\n"
    assert not proven("a: &x 1\nc: 0\nz: [&x 5]\nb: *x\n", "replace", old)
    assert not proven("a: &y 1\nc: 0\nz: [5]\nb: *y\n", "replace", old)
    assert proven("a: &x 1\nc: 0\nz: [5]\nb: *x\n", "replace", old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%YAML 1.1\n---\na: 1\nb: 2\nc: [1]\nd: 1\n...\n", "...\n"),
        ("---\na: 1\nb: 2\nc: [1]\nd: 1\n", "---\n"),
        ("%YAML 1.1\n---\na: 1\nb: 2\nc: [1]\nd: 1\n", "%YAML 1.1\n"),
    ],
)
def test_marks_of_documents(old: str, new: str) -> None:
    """Are kept, and directives."""
    whole = old.replace("[1]", "[5]")
    assert proven(whole, "replace", old)
    assert not proven(whole.replace(new, ""), "replace", old)


def test_a_deadline() -> None:
    """Is looked at."""
    text = "- [1]\n" * 1_000
    with pytest.raises(TimeoutError):
        prove(stream(text), [], stream(text), Format.YAML, Deadline(-1))
