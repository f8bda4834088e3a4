from __future__ import annotations

import pytest

from confkeep.documents.deadline import Deadline
from confkeep.documents.node import Alias, Mapping, Scalar, walk
from confkeep.documents.uncomposable import Uncomposable
from confkeep.documents.yaml.compose import compose


def parts(text: str) -> list[str]:
    """The text of each node, in order."""
    return [text[node.start : node.end] for root in compose(text, Deadline(10)).roots for node in walk(root)]


def test_spans() -> None:
    """A span holds the properties; a block collection ends with its last value, not at the next token."""
    text = "a: &x !t\n  - 'b' # c\n\n# d\ne: [f, {g: h}]\n"
    assert parts(text) == [
        text[:-1],
        "a",
        "&x !t\n  - 'b'",
        "'b'",
        "e",
        "[f, {g: h}]",
        "f",
        "{g: h}",
        "g",
        "h",
    ]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("k: # c\nl: 1\n", 2),
        ("? k\n# c\n? l\n", 3),
        ("{k: , l: 1}", 3),
        ("{k, l: 1}", 2),
        ("[k: ]", 3),
        ("? k\n:\n", 5),
    ],
)
def test_absent_value(text: str, start: int) -> None:
    """An absent value stands behind its colon, or behind its key where there is none."""
    values = [
        value
        for root in compose(text, Deadline(10)).roots
        for node in walk(root)
        if isinstance(node, Mapping)
        for value in node.values
    ]
    assert isinstance(values[0], Scalar)
    assert (values[0].start, values[0].end, values[0].value) == (start, start, "")


def test_alias() -> None:
    """An alias knows the last node of its name, in its own document."""
    first, *_ = compose("- &a 1\n- *a\n- &a 2\n- *a\n--- x\n", Deadline(10)).roots
    found = [node.target.start for node in walk(first) if isinstance(node, Alias)]
    assert found == [2, 14]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: [", "not valid YAML"),
        ("a: *b", r"alias \*b without an anchor"),
        ("&a 1\n--- *a\n", r"alias \*a without an anchor"),
        ("&a [*a]", r"alias \*a is part"),
        ("[" * 201 + "]" * 201, "nested more than 200 deep"),
        ("a: \x00", "not valid YAML"),
        ("\ufeffa: 1\n", "two byte order marks"),
    ],
)
def test_uncomposable(text: str, why: str) -> None:
    """What has no tree says so, in words."""
    with pytest.raises(Uncomposable, match=why):
        compose(text, Deadline(10))


def test_deadline() -> None:
    """A long document ends with its deadline."""
    with pytest.raises(TimeoutError):
        compose("- 1\n" * 1000, Deadline(0))
