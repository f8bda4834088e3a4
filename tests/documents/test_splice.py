from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.documents.changes import Add, Insert, Remove, Replace, Source, Value
from confkeep.documents.deadline import Deadline
from confkeep.documents.node import Mapping, Sequence, Stream
from confkeep.documents.splice import Syntax, splice
from confkeep.documents.yaml.compose import compose
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import Change, JsonValue
    from confkeep.documents.node import Collection, Node


def at(stream: Stream, *steps: int) -> Collection:
    """The collection that is reached by the numbers of values, from the first root."""
    node: Node = stream.roots[0]
    for step in steps:
        assert isinstance(node, Mapping | Sequence)
        node = node.values[step]
    assert isinstance(node, Mapping | Sequence)
    return node


def stream_of(text: str) -> Stream:
    """The nodes of ``text``."""
    return compose(text, Deadline(10))


def put(text: str, steps: tuple[int, ...], data: JsonValue) -> str:
    """``text`` with the value that ``steps`` lead to replaced."""
    stream = stream_of(text)
    return splice(stream, [Replace(at(stream, *steps[:-1]), steps[-1], Value(data))], Syntax.YAML)


def insert(text: str, steps: tuple[int, ...], data: JsonValue, key: str = "new") -> str:
    """``text`` with an entry more, in front of the one that ``steps`` lead to."""
    stream = stream_of(text)
    container = at(stream, *steps[:-1])
    if isinstance(container, Mapping):
        return splice(stream, [Add(container, steps[-1], Value(key), Value(data))], Syntax.YAML)
    return splice(stream, [Insert(container, steps[-1], Value(data))], Syntax.YAML)


def remove(text: str, steps: tuple[int, ...], *others: int) -> str:
    """``text`` without the entry that ``steps`` lead to, nor ``others`` beside it."""
    stream = stream_of(text)
    container = at(stream, *steps[:-1])
    return splice(stream, [Remove(container, index) for index in (steps[-1], *others)], Syntax.YAML)


@pytest.mark.parametrize(
    ("text", "steps", "data", "result"),
    [
        ("a: 1 # one\nb: 2\n", (0,), "on", 'a: "on" # one\nb: 2\n'),
        ("a: 'x'\n", (0,), "it's", "a: 'it''s'\n"),
        ('a: "x"\nb: y', (1,), "5", 'a: "x"\nb: "5"'),
        ("a: 'x'\nb: y\n", (1,), "5", "a: 'x'\nb: '5'\n"),
        ("a:   # later\nb: 2\n", (0,), 5, "a: 5   # later\nb: 2\n"),
        ("a: !secret x\n", (0,), "z", "a: z\n"),
        ("a: &x 1\n", (0,), 2, "a: &x 2\n"),
        ("a: |\n  one\n  two\n\n# b\nb: 1\n", (0,), "three\nfour\n", "a: |\n  three\n  four\n\n# b\nb: 1\n"),
        ("a: |\n  one\nb: 1\n", (0,), "two", "a: |-\n  two\nb: 1\n"),
        ("a: >\n  one\n  two\nb: 1\n", (0,), "line\n", "a: >\n  line\nb: 1\n"),
        ("a: >\n  one\n  two\nb: 1\n", (0,), "x\ny\n", "a: |\n  x\n  y\nb: 1\n"),
        ("a: | # why\n  one\nb: 1\n", (0,), 1, "a: 1 # why\nb: 1\n"),
        ("a: 1 # why\nb: 1\n", (0,), " x\ny", "a: |2- # why\n   x\n  y\nb: 1\n"),
        ("a: 1\n    # deep\nb: 1\n", (0,), "x\ny", 'a: "x\\ny"\n    # deep\nb: 1\n'),
        ("a: # one\n  # in it\n  - x # two\nb: 1\n", (0,), 5, "a: 5 # one\nb: 1\n"),
        ("a: !t # one\n  x: 1\nb: 1\n", (0,), [1], "a: # one\n  - 1\nb: 1\n"),
        ("a: 1 # one\nb:\n- x\n", (0,), ["z"], "a: # one\n- z\nb:\n- x\n"),
        ("a: 1\nb:\n    c: 1\n", (0,), {"d": {"e": []}}, "a:\n    d:\n        e: []\nb:\n    c: 1\n"),
        ("- 1 # x\n- 2\n", (0,), {"a": 1, "b": [2]}, "- a: 1 # x\n  b:\n    - 2\n- 2\n"),
        ("- a: 1\n  b: 2 # x\n  # in it\n# not\n- 2\n", (0,), "c", "- c\n# not\n- 2\n"),
        ("-\n- 2\n", (0,), {"a": 1, "b": 2}, "- a: 1\n  b: 2\n- 2\n"),
        ("a: [1, {b: 2}] # x\n", (0, 1, 0), "c, d", 'a: [1, {b: "c, d"}] # x\n'),
        ("{a: , b}\n", (1,), 1, "{a: , b: 1}\n"),
        ("{a: , b}\n", (0,), 1, "{a: 1, b}\n"),
        ("a:\r\n  b: 1\r\nc: 2\r\n", (0,), {"x": "1\n2\n"}, "a:\r\n  x: |\r\n    1\r\n    2\r\nc: 2\r\n"),
        ("? a\n: b\n? c\n", (1,), 1, "? a\n: b\n? c\n: 1\n"),
        ("a: 1", (0,), "x\ny\n", "a: |\n  x\n  y\n"),
        ("a: 1", (0,), "x\ny", "a: |-\n  x\n  y"),
        ("a:\n  'long text'\nb: 1\n", (0,), "new", "a:\n  'new'\nb: 1\n"),
        ("a:\t\nb: 1\n", (0,), [1], "a:\n  - 1\nb: 1\n"),
    ],
)
def test_replace(text: str, steps: tuple[int, ...], data: JsonValue, result: str) -> None:
    """A new value is written as its neighbourhood is; comments that are not inside of the old one stay."""
    assert put(text, steps, data) == result


@pytest.mark.parametrize(
    ("text", "steps", "data", "result"),
    [
        ("- a\n# b\n- b\n", (1,), 1, "- a\n- 1\n# b\n- b\n"),
        ("- a\n# b\n- b\n", (0,), 1, "- 1\n- a\n# b\n- b\n"),
        ("- a # x\n  # deep\n\n# end\n", (1,), 1, "- a # x\n  # deep\n- 1\n\n# end\n"),
        ("- a", (1,), 1, "- a\n- 1"),
        ("- a\n\n- b # x\n\n- c\n", (1,), 1, "- a\n\n- 1\n\n- b # x\n\n- c\n"),
        ("- a\n\n- b\n", (2,), 1, "- a\n\n- b\n\n- 1\n"),
        ("- |\n  a", (1,), 1, "- |-\n  a\n- 1"),
        ("- |+\n  a\n\n", (1,), 1, "- |+\n  a\n\n- 1\n"),
        ("- |\n  a\n\n\n", (1,), 1, "- |\n  a\n- 1\n\n\n"),
        ("- - a\n  - b\n", (0, 0), 1, "- - 1\n  - a\n  - b\n"),
        ("x:\n  a: 1\n", (0, 1), {"b": 2}, "x:\n  a: 1\n  new:\n    b: 2\n"),
        ("- a: 1\n  b: 2\n- c\n", (0, 0), 0, "- new: 0\n  a: 1\n  b: 2\n- c\n"),
        ("# file\n\n# of a\na: 1\n", (0,), 0, "# file\n\nnew: 0\n# of a\na: 1\n"),
        ("# of the file\na: 1\n", (0,), 0, "# of the file\nnew: 0\na: 1\n"),
        ("x:\n  # of a\n  a: 1\n", (0, 0), 0, "x:\n  new: 0\n  # of a\n  a: 1\n"),
        ("# c\n[]\n", (0,), {"a": 1}, "# c\n- a: 1\n"),
        ("a: [] # c\nb:\n- 1\n", (0, 0), 2, "a: # c\n- 2\nb:\n- 1\n"),
        ("a: &x {} # c\n", (0, 0), 2, "a: &x # c\n  new: 2\n"),
        ("a: {}\nb: {c: 1}\n", (0, 0), 2, "a: {new: 2}\nb: {c: 1}\n"),
        ("[]", (0,), "x", "- x"),
        ("a: [1, 2]\n", (0, 1), 3, "a: [1, 3, 2]\n"),
        ("a: [1, 2]\n", (0, 0), 3, "a: [3, 1, 2]\n"),
        ("a: [1, 2, ]\n", (0, 2), 3, "a: [1, 2, 3, ]\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", (0, 2), 3, "a: [\n  1, # one\n  2, # two\n  3\n]\n"),
        ("a: [\n  1, # one\n  2 # two\n]\n", (0, 0), 3, "a: [\n  3,\n  1, # one\n  2 # two\n]\n"),
        ("a: [\n  # none\n]\n", (0, 0), 3, "a: [\n  # none\n3]\n"),
        ("[k: ]\n", (0, 1), 1, "[{k: , new: 1} ]\n"),
        ("{a: }\n", (1,), 1, "{a: , new: 1 }\n"),
        ("a: 1\n...\n# x\n---\nb: 2\n", (1,), 1, "a: 1\nnew: 1\n...\n# x\n---\nb: 2\n"),
    ],
)
def test_insert(text: str, steps: tuple[int, ...], data: JsonValue, result: str) -> None:
    """A new entry stands behind the one in front of it and the comments of that, where the others do."""
    assert insert(text, steps, data) == result


@pytest.mark.parametrize(
    ("text", "steps", "others", "result"),
    [
        ("a: 1\n# b\nb: 2 # too\n# c\nc: 3\n", (1,), (), "a: 1\n# c\nc: 3\n"),
        ("# file\na: 1\nb: 2\n", (0,), (), "# file\nb: 2\n"),
        ("a: 1\n# apart\n\n# b\nb: 2\n  # in b\n# end\n", (1,), (), "a: 1\n# apart\n\n# end\n"),
        ("a: 1\nb: 2", (1,), (), "a: 1\n"),
        ("a: 1\n\n# b\nb: 2\n\nc: 3\n", (1,), (), "a: 1\n\nc: 3\n"),
        ("a: 1\n\n\nb: 2\n", (1,), (), "a: 1\n"),
        ("a: 1\n\nb: 2\n\nc: 3", (1,), (2,), "a: 1\n"),
        ("a: |\n  x\nb: 2", (1,), (), "a: |\n  x\n"),
        ("a: |+\n  x\n\nb: 2\n\nc: 3\n", (1,), (), "a: |+\n  x\n\nc: 3\n"),
        ("- a: 1\n  b: 2\n", (0, 0), (), "- b: 2\n"),
        ("- a: 1\n  # b\n  b: 2\n", (0, 0), (), "-\n  # b\n  b: 2\n"),
        ("- a: 1\n  b: 2\n  c: 3\n", (0, 0), (1,), "- c: 3\n"),
        ("- a: 1\n- b\n", (0, 0), (), "- {}\n- b\n"),
        ("x: # why\n  # a\n  - a\n  # old\n\n  - b\ny: 1\n", (0, 0), (1,), "x: [] # why\n  # old\n\ny: 1\n"),
        ("x: !t &a\n  a: 1\n", (0, 0), (), "x: !t &a {}\n"),
        ("# c\n- a\n- b\n", (0,), (1,), "# c\n[]\n"),
        ("a: 1\nb: 2\nc: 3\n", (0,), (1,), "c: 3\n"),
        ("[1, 2, 3]\n", (1,), (), "[1, 3]\n"),
        ("[1, 2, 3]\n", (2,), (), "[1, 2]\n"),
        ("[1, 2, 3]\n", (0,), (1,), "[3]\n"),
        ("[ 1, 2 ]\n", (0,), (1,), "[]\n"),
        ("[\n  1, # one\n  # two\n  2 # too\n]\n", (1,), (), "[\n  1 # one\n]\n"),
        ("[\n  1, # one\n  # two\n  2 # too\n]\n", (0,), (), "[\n  # two\n  2 # too\n]\n"),
        ("[a: 1, b]\n", (0, 0), (), "[{}, b]\n"),
        ("a: 1\r\nb: 2\r\n", (1,), (), "a: 1\r\n"),
        ("? a\n: b\n? c\n: d\n", (0,), (), "? c\n: d\n"),
        ("/**: 1\n# x\n//b: 2\n", (1,), (), "/**: 1\n"),
    ],
)
def test_remove(text: str, steps: tuple[int, ...], others: tuple[int, ...], result: str) -> None:
    """An entry goes with its comments: above it in its column, behind it, deeper below it. Others stay."""
    assert remove(text, steps, *others) == result


@pytest.mark.parametrize(
    ("text", "data", "result"),
    [
        ("", {"a": 1}, "a: 1\n"),
        ("# only", ["x"], "# only\n- x\n"),
        ("a: 1 # x\n# y\n", [1, 2], "- 1\n- 2\n# y\n"),
        ("--- 5 # x\n", [1], "--- # x\n- 1\n"),
        ("---\n", 5, "---\n5\n"),
        ("---", {"a": 1}, "---\na: 1\n"),
    ],
)
def test_root(text: str, data: JsonValue, result: str) -> None:
    """A root becomes another one, or the first one of a file without any."""
    assert splice(stream_of(text), [Replace(None, 0, Value(data))], Syntax.YAML) == result


FROM = """\
list:
    # about one
    - name: one   # why
      text: |
          {{ a }}
            b
      # inside
    - [x,
       y]
    - 'q' # said
    - *z
map:
    # about k
    'k':   1 # of k
""".replace("- *z", "- &z 1")


def test_source_item() -> None:
    """An item comes with its comments and formatting, moved to its new column."""
    there, here = stream_of(FROM), stream_of("a:\n- 1\n")
    items = at(there, 0).values
    target = at(here, 0)
    assert isinstance(target, Sequence)
    changes = [Insert(target, 1, Source(item, FROM)) for item in items]
    assert splice(here, changes, Syntax.YAML) == (
        "a:\n- 1\n# about one\n- name: one   # why\n  text: |\n      {{ a }}\n        b\n  # inside\n"
        "- [x,\n   y]\n- 'q' # said\n- 1\n"
    )


def test_source_entry() -> None:
    """An entry whose key has a source comes with the comments above it."""
    there, here = stream_of(FROM), stream_of("a: 1")
    entry = at(there, 1)
    assert isinstance(entry, Mapping)
    change = Add(at_mapping(here), 1, Source(entry.keys[0], FROM), Source(entry.values[0], FROM))
    assert splice(here, [change], Syntax.YAML) == "a: 1\n# about k\n'k': 1 # of k"


def at_mapping(stream: Stream) -> Mapping:
    """The root, which is a mapping."""
    root = stream.roots[0]
    assert isinstance(root, Mapping)
    return root


def test_source_with_alias() -> None:
    """An alias is written out where it is taken from another place."""
    text = "x: &x {a: 1}\ny:\n  - *x\n  - <<: *x\n    b: !secret 2\n"
    there, here = stream_of(text), stream_of("a: 1\n")
    source = Source(at(there, 1), text)
    result = splice(here, [Replace(at(here), 0, source)], Syntax.YAML)
    assert result == "a:\n  - {a: 1}\n  - <<: {a: 1}\n    b: !secret 2\n"


def test_source_in_brackets() -> None:
    """What has lines is written on one line between brackets; a plain number stays one."""
    text = "- a: 17:30:00\n  b: |\n    x\n"
    there, here = stream_of(text), stream_of("[1]\n")
    result = splice(here, [Insert(here_sequence(here), 1, Source(at(there, 0), text))], Syntax.YAML)
    assert result == '[1, {a: 17:30:00, b: "x\\n"}]\n'


def here_sequence(stream: Stream) -> Sequence:
    """The root, which is a sequence."""
    root = stream.roots[0]
    assert isinstance(root, Sequence)
    return root


def test_many_changes_at_one_place() -> None:
    """Inner entries come before outer ones, inserts in the order given, and removed lines make no difference to it."""
    stream = stream_of("- a: 1\n  b: 2\n- c\n")
    outer, inner = here_sequence(stream), at(stream, 0)
    assert isinstance(inner, Mapping)
    changes: list[Change] = [
        Insert(outer, 1, Value("x")),
        Insert(outer, 1, Value("z")),
        Add(inner, 2, Value("d"), Value(4)),
        Remove(inner, 1),
        Replace(inner, 0, Value([1])),
        Remove(outer, 1),
    ]
    assert splice(stream, changes, Syntax.YAML) == "- a:\n    - 1\n  d: 4\n- x\n- z\n"


def test_contradiction() -> None:
    """Changes of one entry, or inside of what goes, are the caller's mistake."""
    stream = stream_of("a:\n  b: 1\n")
    outer, inner = at(stream), at(stream, 0)
    with pytest.raises(ValueError, match="two changes"):
        splice(stream, [Remove(outer, 0), Replace(outer, 0, Value(1))], Syntax.YAML)
    with pytest.raises(NotRepresentable, match="overlap"):
        splice(stream, [Replace(outer, 0, Value(1)), Replace(inner, 0, Value(1))], Syntax.YAML)
    with pytest.raises(ValueError, match="entry 1 of 1"):
        splice(stream, [Remove(outer, 1)], Syntax.YAML)
    with pytest.raises(ValueError, match="not in the stream"):
        splice(stream, [Remove(at(stream_of("- 1\n")), 0)], Syntax.YAML)


def test_too_much() -> None:
    """Nesting, and aliases that would be written out, have a limit."""
    bomb = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    there, here = stream_of(bomb), stream_of("x: 1\n")
    with pytest.raises(NotRepresentable):
        splice(here, [Replace(at(here), 0, Source(at(there, 7), bomb))], Syntax.YAML)
    deep: JsonValue = 1
    for _ in range(300):
        deep = [deep]
    with pytest.raises(NotRepresentable):
        splice(here, [Replace(at(here), 0, Value(deep))], Syntax.YAML)


def test_removes_below_kept_breaks() -> None:
    """Blank lines that a block scalar keeps go with it once, not with the entry below, too."""
    stream = stream_of("a: |+\n  x\n\n\n# b\nb: 1\n")
    assert splice(stream, [Remove(at(stream), 0), Remove(at(stream), 1)], Syntax.YAML) == "{}\n"
