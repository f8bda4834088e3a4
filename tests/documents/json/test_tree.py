"""confkeep.documents.json.tree: JSON text to nodes that know where they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.deadline import Deadline
from confkeep.documents.json.tree import MAX_DEPTH, compose
from confkeep.documents.node import Mapping, Scalar, Sequence, walk
from confkeep.documents.uncomposable import Uncomposable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


def data(node: Any) -> Any:  # noqa: ANN401 - a node, JSON
    """What a node is."""
    if isinstance(node, Scalar):
        return node.value if node.style else json.loads(node.value)
    if isinstance(node, Mapping):
        assert all(isinstance(key, Scalar) and key.style == '"' for key in node.keys)
        return {data(key): data(value) for key, value in zip(node.keys, node.values, strict=True)}
    assert isinstance(node, Sequence)
    return [data(value) for value in node.values]


def reads(text: str, *, comments: bool) -> bool:
    """Whether there are nodes."""
    try:
        compose(text, Deadline(60), comments=comments)
    except Uncomposable:
        return False
    return True


@given(JSON, st.sampled_from([None, 2, "\t"]), st.booleans(), st.booleans())
def test_what_the_library_writes(value: Any, indent: int | str | None, ascii_: bool, comments: bool) -> None:  # noqa: ANN401, FBT001
    """Reads as the same, with comments allowed or not; each node's span is the text that says it."""
    text = "\r\n " + json.dumps(value, indent=indent, ensure_ascii=ascii_) + " \n"
    stream = compose(text, Deadline(60), comments=comments)
    (root,) = stream.roots
    assert data(root) == value
    for node in walk(root):
        assert json.loads(text[node.start : node.end]) == data(node)


@given(st.text(st.sampled_from('{}[]",:0123.eE+-tfnulrase \\u/*\n'), max_size=12))
def test_what_is_json(text: str) -> None:
    """Exactly what the library's decoder takes, but for its NaN and infinities, which have no letters here."""
    try:
        json.loads(text)
    except ValueError:
        valid = False
    else:
        valid = True
    assert reads(text, comments=False) == valid
    if valid:
        assert reads(text, comments=True)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "-Infinity",
        "01",
        "+1",
        ".5",
        "1.",
        "'a'",
        "[1,]",
        '{"a": 1,}',
        "// c\n1",
        "1 /* c */",
        "\ufeff1",
        "",
        " ",
        "1 2",
        "[",
        '["',
        "\x0b1",
        '"\t"',
        "nullx",
        "1a",
    ],
)
def test_what_is_not_json(text: str) -> None:
    """The message says where."""
    with pytest.raises(Uncomposable, match="in line 1, column"):
        compose(text, Deadline(60))


def test_comments() -> None:
    """Anywhere between tokens, of both kinds; and one comma too many."""
    text = '// head\n{ /* a */ "a" /* b */ : // c\n [1, 2, /* d ** */ ], "http://x": "/* no */",\n} // end'
    (root,) = compose(text, Deadline(60), comments=True).roots
    assert data(root) == {"a": [1, 2], "http://x": "/* no */"}


@pytest.mark.parametrize("text", ["[,]", "[1,,]", "{,}", '{"a",}', "/* x", "{} /", "[1 // ]", '{"a": ,}'])
def test_what_no_editor_takes(text: str) -> None:
    """Not even with comments."""
    assert not reads(text, comments=True)


def test_depth_and_size() -> None:
    """200 deep, no deeper; what is long is no trouble, nor is a comment that never ends."""
    assert reads("[" * MAX_DEPTH + "]" * MAX_DEPTH, comments=False)
    for text in ("[" * 201 + "]" * 201, '{"a":' * 100_000):
        with pytest.raises(Uncomposable, match="nested"):
            compose(text, Deadline(60))
    for text in (
        "[" + "1," * 100_000,
        "/*" + "*" * 100_000,
        '["' + "\\" * 100_001,
        "[" + " " * 100_000,
        "//" * 100_000,
    ):
        assert not reads(text, comments=True)


def test_a_deadline() -> None:
    """Is looked at."""
    with pytest.raises(TimeoutError):
        compose("[" + "1," * 10_000 + "1]", Deadline(-1))
