from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.deadline import Deadline
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.data import node_of
from confkeep.documents.splicing.style import Style
from confkeep.documents.yaml.compose import compose
from confkeep.documents.yaml.emit import Emitter, Place

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.text(" ab\n:#-"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(" ab\n:#-<=", max_size=5), inner, max_size=4),
    max_leaves=15,
)
STYLES = st.builds(Style, st.integers(1, 12), st.booleans(), st.sampled_from(["'", '"']), literal=st.booleans())


def text_of(data: JsonValue, style: Style) -> str:
    """``data`` as the value of a key in column 0."""
    first, rest = Emitter(style).value(node_of(data, Syntax.YAML, style), Place(0))
    return "\n".join([f"k: {first}", *rest]) + "\nend: 1\n"


@given(VALUES, STYLES)
def test_block(data: JsonValue, style: Style) -> None:
    """Any value is read again as what it was, in any style."""
    assert yaml.load(text_of(data, style), yaml.CSafeLoader) == {"k": data, "end": 1}


@given(VALUES, STYLES)
def test_flow(data: JsonValue, style: Style) -> None:
    """The same on one line."""
    text = Emitter(style).flow(node_of(data, Syntax.YAML, style))
    assert "\n" not in text
    assert yaml.load(f"[{text}]", yaml.CSafeLoader) == [data]


def test_styles() -> None:
    """Indentation, dashes, quotes and block scalars are those of the style."""
    data: JsonValue = {"a": ["on", {"b": 1, "c": []}], "d": "x\ny\n"}
    assert text_of(data, Style(4, indented=True, quote="'")) == (
        "k: \n    a:\n        - 'on'\n        - b: 1\n          c: []\n    d: |\n        x\n        y\nend: 1\n"
    )
    assert text_of(data, Style(2, indented=False, literal=False)) == (
        'k: \n  a:\n  - "on"\n  - b: 1\n    c: []\n  d: "x\\ny\\n"\nend: 1\n'
    )


@pytest.mark.parametrize(
    ("text", "flow"),
    [
        ("!secret x", "!secret x"),
        ("!!str 5", "!!str 5"),
        ("!<tag:example.com,2000:x> 5", "!<tag:example.com,2000:x> 5"),
        ("'5'", "'5'"),
        ('"5"', '"5"'),
        ("17:30:00", "17:30:00"),
        ("{a: , b: ~}", "{a: null, b: ~}"),
        ("!lambda |-\n  return x;", '!lambda "return x;"'),
        ("- &a x\n- *a", "[x, x]"),
    ],
)
def test_nodes(text: str, flow: str) -> None:
    """Tags, quotes and plain scalars stay what they are; an alias is written out."""
    root = compose(text, Deadline(10)).roots[0]
    assert Emitter(Style()).flow(root) == flow


def test_long_key() -> None:
    """A key that is too long for one in front of a colon gets a question mark (YAML 1.2.2, 7.4.3)."""
    data: JsonValue = {"x" * 2000: {"y" * 2000: [1]}}
    assert yaml.load(text_of(data, Style()), yaml.CSafeLoader) == {"k": data, "end": 1}
    assert yaml.load(Emitter(Style()).flow(node_of(data, Syntax.YAML, Style())), yaml.CSafeLoader) == data
