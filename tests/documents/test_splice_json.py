from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.changes import Add, Insert, Remove, Replace, Source, Value
from confkeep.documents.deadline import Deadline
from confkeep.documents.json.tree import compose
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.splice import Syntax, splice
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import Change, JsonValue
    from confkeep.documents.node import Collection, Node

LINES = """\
{
  // of a
  "a": 1, // on a
  /* of b */
  "b": [], // on b
  "c": {"d": [1, 2]}
}
"""


def container_of(text: str, *steps: int) -> Collection:
    """What the numbers of values lead to."""
    node: Node = compose(text, Deadline(10), comments=True).roots[0]
    for step in steps:
        assert isinstance(node, Mapping | Sequence)
        node = node.values[step]
    assert isinstance(node, Mapping | Sequence)
    return node


def change(text: str, kind: str, steps: tuple[int, ...], data: JsonValue = None) -> str:
    """``text`` with one change."""
    stream = compose(text, Deadline(10), comments=True)
    node: Node = stream.roots[0]
    for step in steps[:-1]:
        assert isinstance(node, Mapping | Sequence)
        node = node.values[step]
    assert isinstance(node, Mapping | Sequence)
    one: Change
    if kind == "remove":
        one = Remove(node, steps[-1])
    elif kind == "set":
        one = Replace(node, steps[-1], Value(data))
    elif isinstance(node, Mapping):
        one = Add(node, steps[-1], Value("new"), Value(data))
    else:
        one = Insert(node, steps[-1], Value(data))
    return splice(stream, [one], Syntax.JSON)


CASES: list[tuple[str, str, tuple[int, ...], JsonValue, str]] = [
    (LINES, "set", (0,), "on", LINES.replace("1, // on a", '"on", // on a')),
    (LINES, "set", (0,), [1], LINES.replace("1, // on a", "[\n    1\n  ], // on a")),
    (LINES, "set", (2, 0, 1), [1], LINES.replace("2]", "[1]]")),
    (LINES, "add", (1, 0), 5, LINES.replace("[]", "[\n    5\n  ]")),
    (LINES, "add", (3,), True, LINES.replace("2]}\n", '2]},\n  "new": true\n')),
    (LINES, "add", (0,), None, LINES.replace("  // of a", '  "new": null,\n  // of a')),
    (LINES, "add", (1,), 1.5, LINES.replace("// on a\n", '// on a\n  "new": 1.5,\n')),
    (LINES, "remove", (0,), None, LINES.replace('  // of a\n  "a": 1, // on a\n', "")),
    (LINES, "remove", (1,), None, LINES.replace('  /* of b */\n  "b": [], // on b\n', "")),
    (LINES, "remove", (2,), None, LINES.replace('[], // on b\n  "c": {"d": [1, 2]}\n', "[] // on b\n")),
    ("{}", "add", (0,), {"x": []}, '{\n  "new": {\n    "x": []\n  }\n}'),
    ("[1,2]", "add", (2,), [{}], "[1,2,[{}]]"),
    ("[1]", "remove", (0,), None, "[]"),
    ('{\n\t"a": {\n\t\t"b": 1\n\t}\n}', "set", (0,), [1], '{\n\t"a": [\n\t\t1\n\t]\n}'),
    ('{\r\n  "a": 1\r\n}', "add", (1,), 2, '{\r\n  "a": 1,\r\n  "new": 2\r\n}'),
    ("[1,]", "add", (1,), 2, "[1, 2,]"),
    ("[1, 2,]", "remove", (1,), None, "[1,]"),
    ('[""]', "set", (0,), "\ud800é\u2028", '["\\ud800\\u00e9\\u2028"]'),
    ("[1]", "set", (0,), 1e16, "[1.0e+16]"),
]


@pytest.mark.parametrize(("text", "kind", "steps", "data", "result"), CASES)
def test_change(text: str, kind: str, steps: tuple[int, ...], data: JsonValue, result: str) -> None:
    """Commas, comments, lines and indentation stay as the neighbours have them."""
    assert change(text, kind, steps, data) == result


@pytest.mark.parametrize(
    ("text", "result"),
    [("[1,2]", '{"a": [1]}'), ("[\n  1\n] // x\n", '{\n  "a": [\n    1\n  ]\n} // x\n'), ("5", '{"a": [1]}')],
)
def test_root(text: str, result: str) -> None:
    """A root becomes another one, on lines where the text has lines."""
    stream = compose(text, Deadline(10), comments=True)
    assert splice(stream, [Replace(None, 0, Value({"a": [1]}))], Syntax.JSON) == result


def test_no_number() -> None:
    """JSON has no word for infinity."""
    with pytest.raises(NotRepresentable):
        change("[1]", "set", (0,), float("inf"))


def test_source() -> None:
    """What has lines of its own keeps them where the entries do, and is joined where they do not."""
    text = '{\n    "x": {\n        "y": 1 // why\n    }\n}'
    here = compose("[\n  1\n]", Deadline(10))
    root = here.roots[0]
    assert isinstance(root, Sequence)
    source = Source(container_of(text, 0), text)
    assert splice(here, [Insert(root, 1, source)], Syntax.JSON) == '[\n  1,\n  {\n      "y": 1 // why\n  }\n]'
    here = compose("[1]", Deadline(10))
    root = here.roots[0]
    assert isinstance(root, Sequence)
    assert splice(here, [Insert(root, 1, source)], Syntax.JSON) == '[1, {"y": 1}]'


def data_of(node: Node) -> JsonValue:
    """What ``node`` says."""
    assert not isinstance(node, Alias)
    if isinstance(node, Scalar):
        value: JsonValue = node.value if node.style else json.loads(node.value)
        return value
    if isinstance(node, Sequence):
        return [data_of(one) for one in node.values]
    pairs = zip(node.keys, node.values, strict=True)
    return {key.value: data_of(value) for key, value in pairs if isinstance(key, Scalar)}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(VALUES, min_size=1, max_size=5),
    VALUES,
    st.sampled_from([None, 0, 1, 2, "\t"]),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.integers(0, 2**32),
)
def test_model(
    items: list[JsonValue], data: JsonValue, indent: int | str | None, separators: tuple[str, str], seed: int
) -> None:
    """Any changes of a list make of its text what they make of it."""
    random = Random(seed)
    stream = compose(json.dumps(items, indent=indent, separators=separators), Deadline(10))
    root = stream.roots[0]
    assert isinstance(root, Sequence)
    changes: list[Change] = []
    expected: list[JsonValue] = []
    for index, item in enumerate([*items, None]):
        for _ in range(random.choice((0, 0, 1, 2))):
            changes.append(Insert(root, index, Value(data)))
            expected.append(data)
        if index == len(items):
            break
        kind = random.choice(("stay", "set", "remove"))
        if kind == "set":
            changes.append(Replace(root, index, Value(data)))
        elif kind == "remove":
            changes.append(Remove(root, index))
        if kind != "remove":
            expected.append(data if kind == "set" else item)
    random.shuffle(changes)
    result = splice(stream, changes, Syntax.JSON)
    assert json.loads(result) == expected
    assert data_of(compose(result, Deadline(10)).roots[0]) == expected
