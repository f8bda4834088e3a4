"""confkeep.documents.json.check: JSON as RFC 8259 has it, and with comments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.documents.diagnostic import Position
from confkeep.documents.json.check import check
from confkeep.documents.json.tree import MAX_DEPTH

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic


def found(text: str | bytes, *, comments: bool = False, strict: bool = True) -> list[Diagnostic]:
    """What a check without hurry finds."""
    data = text if isinstance(text, bytes) else text.encode()
    return check(data, comments=comments, strict=strict, seconds=10)


@pytest.mark.parametrize(
    "good",
    [
        "{}",
        "[]",
        " 1 ",
        '"x"',
        "null",
        '{"a": [1, -0.5e+3, {"b": ""}]}\r\n',
        '"\\ud83d\\ude00 \\/ \\u00fc"',
        '["\u2028"]',
    ],
)
def test_good_documents(good: str) -> None:
    """Any value may stand alone."""
    assert found(good) == []
    assert found(good, comments=True) == []


@pytest.mark.parametrize(
    ("bad", "at", "words"),
    [
        ("", 0, "empty"),
        ("[1,2", 4, "a ] is missing"),
        ('{"a": {', 7, "a } is missing"),
        ('{"a":1 "b":2}', 7, "comma"),
        ("{a: 1}", 1, "between double quotes"),
        ("{1: 1}", 1, "between double quotes"),
        ('{"a":1, b: 1}', 8, "between double quotes"),
        ("{'a':1}", 1, "double quotes only"),
        ('{"a":True}', 5, "in small letters"),
        ('{"a":text}', 5, "between double quotes"),
        ('{"a":01}', 5, "no leading zero"),
        ('{"a":.5}', 5, "digits on both sides"),
        ('{"a":+1}', 5, "no leading zero or +"),
        ('["x\ny"]', 1, "not closed in its line"),
        ('["x', 1, "not closed in its line"),
        ('["\\x"]', 1, "unknown escape"),
        ('["\t"]', 1, "U+0009"),
        ('{"a":1}}', 7, "complete"),
        ("[1}", 2, "closing bracket"),
        ("[1,,2]", 3, "the next item"),
        ("[,1]", 1, "an item"),
        ('{"a"}', 4, "':'"),
        ('{"a":}', 5, "a value"),
        ("]", 0, "a value"),
        ("/* x", 0, "no end"),
        ("\x00", 0, "U+0000"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_what_nobody_reads(bad: str, at: int, words: str, strict: bool) -> None:  # noqa: FBT001
    """One error, at both levels, where it is; the message says what to do."""
    (error,) = found(bad, strict=strict)
    assert (error.severity, error.code, error.range.start) == ("error", "syntax", Position(0, at))
    assert words in error.message


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ('// a\n{"a": 1}', "comment", Position(0, 0)),
        ('{"a": /* b */ 1}', "comment", Position(0, 6)),
        ('{"a": 1,}', "trailing-comma", Position(0, 7)),
        ("[1,\n]", "trailing-comma", Position(0, 2)),
        ("[NaN]", "not-a-number", Position(0, 1)),
        ("[-Infinity]", "not-a-number", Position(0, 1)),
    ],
)
def test_what_readers_disagree_about_is_refused_only_when_strict(text: str, code: str, at: Position) -> None:
    """Python writes NaN, and many programs allow comments in their .json: such a file is theirs."""
    for strict, severity in ((False, "warning"), (True, "error")):
        (noted,) = found(text, strict=strict)
        assert (noted.severity, noted.code, noted.range.start) == (severity, code, at)


def test_json_with_comments_takes_what_vs_code_takes() -> None:
    """Comments, a comma behind the last item, and an empty file, with a warning; NaN it does not."""
    assert found('// a\n{"a": [1, /* b\n * c */ 2,], // "d\n}\n', comments=True) == []
    assert [one.severity for one in found("// nothing\n", comments=True)] == ["warning"]
    assert [one.code for one in found("[NaN]", comments=True)] == ["not-a-number"]
    assert [one.code for one in found("[,]", comments=True)] == ["syntax"]


def test_duplicate_names_are_warnings() -> None:
    """By their characters, in their own object; the second one is pointed at."""
    (noted,) = found('{"a": {"a": 1}, "b": 1,\n "\\u0061": 2}')
    assert (noted.severity, noted.code) == ("warning", "duplicate-key")
    assert (noted.range.start, noted.range.end) == (Position(1, 1), Position(1, 9))


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\ud800x"', '"\\udc00"', '"\\ud800\\ud800\\udc00"', '{"\\udfff": 1}'])
def test_half_of_a_character_is_a_warning(text: str) -> None:
    """What readers make of it is unpredictable (RFC 8259, section 8.2)."""
    (noted,) = found(text)
    assert (noted.severity, noted.code) == ("warning", "lone-surrogate")
    assert found('"\\\\ud800"') == []


def test_the_encoding() -> None:
    """UTF-8; a byte order mark is a warning, anything else an error at the byte that is wrong."""
    assert [(one.severity, one.code) for one in found("\ufeff{}")] == [("warning", "byte-order-mark")]
    (error,) = found('{"ü😀": "'.encode() + b'\xff"}')
    assert (error.code, error.range.start) == ("encoding", Position(0, 9))
    assert found("{}".encode("utf-16-le"))[0].severity == "error"


def test_nesting_has_a_limit() -> None:
    """As for YAML; what is far deeper does not matter, there is no recursion."""
    assert found("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    (error,) = found("[" * 100_000)
    assert (error.code, error.range.start) == ("too-deep", Position(0, MAX_DEPTH))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_what_python_writes_is_good(value: object, indent: int | str | None, escaped: bool) -> None:  # noqa: FBT001
    """Whatever the value, the indentation and the escapes."""
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    assert [
        one
        for one in check(text.encode("utf-8", "replace"), comments=False, strict=True, seconds=9)
        if one.severity == "error"
    ] == []


@given(st.text('{}[]:,"\\ 01.-eE+tru\n', max_size=12))
@settings(max_examples=1500)
def test_python_agrees(text: str) -> None:
    """What is an error here is one to the standard library, and the other way round."""
    try:
        json.loads(text)
    except ValueError:
        good = False
    else:
        good = True
    assert ([one for one in found(text) if one.severity == "error"] == []) is good
