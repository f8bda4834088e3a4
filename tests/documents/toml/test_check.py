"""confkeep.documents.toml.check: TOML 1.0, with positions."""

from __future__ import annotations

import pytest

from confkeep.documents.diagnostic import Position
from confkeep.documents.toml.check import MAX_DEPTH, check


@pytest.mark.parametrize("good", ["", "# c\n", "a = 1\r\nb.c = [1,\r\n2]\r\n", '[a]\nb = """x\ny"""\n[[c]]\n[[c]]\n'])
def test_good_documents(good: str) -> None:
    """LF or CRLF."""
    assert check(good.encode(), seconds=10) == []


@pytest.mark.parametrize(
    ("bad", "start", "words"),
    [
        ("a = ", Position(0, 4), "no value"),
        ("a = 1\nb = True\n", Position(1, 4), "written small"),
        ("a = 1\r\n😀 = 1\r\n", Position(1, 0), ""),
        ("'ü😀' = text\r\n", Position(0, 8), "between quotes"),
        ("a = 1\na = 2\n", Position(1, 5), "has a value already"),
        ("[a\n", Position(0, 2), "]"),
        ("a 1\n", Position(0, 2), "'=' is missing"),
        ("a = 1 b = 2\n", Position(0, 6), "more text"),
        ('a = "x\n', Position(0, 6), ""),
        ('a = "\\d"\n', Position(0, 7), "escape"),
        ("a = [1\nb = 2\n", Position(1, 0), "not closed"),
    ],
)
def test_bad_documents(bad: str, start: Position, words: str) -> None:
    """One error: the library stops there."""
    (error,) = check(bad.encode(), seconds=10)
    assert (error.severity, error.code, error.range.start) == ("error", "syntax", start)
    assert words in error.message
    assert "(at line" not in error.message


def test_the_encoding() -> None:
    """UTF-8 only, as TOML says; a byte order mark is a warning."""
    assert [(one.severity, one.code) for one in check(b"\xef\xbb\xbfa = 1\n", seconds=10)] == [
        ("warning", "byte-order-mark")
    ]
    for bad in (b"a = '\xff'", "a = 1".encode("utf-16")):
        assert [(one.severity, one.code) for one in check(bad, seconds=10)] == [("error", "encoding")]


@pytest.mark.parametrize("deep", [b"a = " + b"[" * 5000, b"a." * (MAX_DEPTH + 2) + b"b = 1", b"a = " + b"{b=" * 5000])
def test_what_would_exhaust_the_library_is_refused(deep: bytes) -> None:
    """Its recursion ends where Python's does."""
    assert [one.code for one in check(deep, seconds=10)] == ["too-deep"]


def test_a_number_that_python_does_not_read() -> None:
    """It is an error, not an exception."""
    assert [one.code for one in check(b"a = " + b"9" * 5000, seconds=10)] == ["syntax"]
