"""confkeep.documents.yaml.check: the syntax of YAML, with positions an editor understands."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confkeep.documents.diagnostic import Diagnostic, Position
from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml.check import check
from confkeep.documents.yaml.parser import MAX_DEPTH
from confkeep.documents.yaml.resume import MOST_ERRORS

if TYPE_CHECKING:
    from collections.abc import Callable


def found(data: bytes | str) -> list[Diagnostic]:
    """What a strict check without hurry finds."""
    return check(data.encode() if isinstance(data, str) else data, strict=True, seconds=10)


def plainly(data: bytes | str) -> list[Diagnostic]:
    """What the check of a save finds."""
    return check(data.encode() if isinstance(data, str) else data, strict=False, seconds=10)


def at(line: int, character: int) -> Position:
    """Zero-based, as the protocol has it."""
    return Position(line, character)


@pytest.mark.parametrize(
    "good",
    [
        "",
        "# only a comment\n",
        "a: 1\n",
        "a: 1\r\nb: 2\r\n",
        "\ufeffa: 1\n",
        "%YAML 1.1\n---\na: 1\n...\n",
        "a: 1\n---\na: 2\n",
        "password: !secret wifi\nautomation: !include automations.yaml\nl: !lambda |-\n  return x;\n",
        "<<: !include base.yaml\n",
        "base: &b {x: 1}\nall:\n  <<: *b\n  <<: *b\n",
        "- &self [*self]\n",
        "? [complex]\n: 1\n? [complex]\n: 2\n",
        "text: |\n  {{ states('x') }}\n   more\n",
        "time: '17:30:00'\nmac: aa:bb:cc\nempty:\n",
        "1: a\n'1': b\n",
        "? &k a\n: b\n*k : c\n? [x]\n: {y: z}\n",
        "a: 'it''s'\nü: 😀\n",
        "a: {b: 1}\nc: {b: 2}\n",
        "- a: 1\n- a: 1\n",
        "key: key\n",
    ],
)
def test_good_documents(good: str) -> None:
    """What configuration files really hold: tags, merge keys, templates, CRLF, a byte order mark, several documents."""
    assert found(good) == []


@pytest.mark.parametrize(
    ("bad", "code", "start"),
    [
        ("a: [1,\n", "syntax", at(1, 0)),
        ("a: 1\n\tb: 2\n", "syntax", at(1, 0)),
        ("a: b: c\n", "syntax", at(0, 4)),
        ("a: 'it's'\n", "syntax", at(0, 7)),
        ("- a\nb: 1\n", "syntax", at(1, 0)),
        ("key: value\n  worse: x\n", "syntax", at(1, 7)),
        ("a: @x\n", "syntax", at(0, 3)),
        ('a: "x\n', "syntax", at(1, 0)),
        ("a: 1\nb: *x\n", "undefined-alias", at(1, 3)),
        ("--- &x\n- 1\n---\n- *x\n", "undefined-alias", at(3, 2)),
        (b"a: 1\nb: \xff\n", "encoding", at(1, 3)),
        (b"a: \x01\n", "encoding", at(0, 3)),
    ],
)
def test_bad_documents(bad: bytes | str, code: str, start: Position) -> None:
    """Each has one error, at the character that is wrong."""
    (error,) = found(bad)
    assert (error.severity, error.code, error.range.start) == ("error", code, start)
    assert error.message
    assert error.source == "confkeep"


@pytest.mark.parametrize("before", ["", "\ufeff", "# ü\n", "# x\r\n"])
def test_characters_count_as_the_protocol_counts(before: str) -> None:
    """UTF-16 code units: an emoji is two, an umlaut one, a byte order mark none, and CRLF is one end of line."""
    (error,) = found(before + "ü😀: *nobody\n")
    line = before.count("\n")
    assert (error.range.start, error.range.end) == (at(line, 5), at(line, 12))


@pytest.mark.parametrize(("text", "start"), [("a: 1\rb: *x\n", at(1, 3)), ("a: '\u2028'\nb: *x\n", at(1, 3))])
def test_lines_end_as_the_protocol_says(text: str, start: Position) -> None:
    """LF, CRLF and CR alone end a line for an editor; U+2028, which libyaml takes for a break too, does not."""
    (error,) = found(text)
    assert error.range.start == start


def test_wrong_bytes_after_an_emoji() -> None:
    """A byte that is no UTF-8 is found where the text before it ends."""
    (error,) = found("\ufeffü😀: ".encode() + b"\xff\n")
    assert (error.code, error.range.start) == ("encoding", at(0, 5))


@pytest.mark.parametrize("text", ["a: 1\nb: 2\na: 3\n", "x: 1\n'x': 2\n", "{q: 1, q: 2}\n"])
def test_duplicate_keys_are_for_the_strict(text: str) -> None:
    """Most readers take them for an error, Home Assistant for a warning: the document can be saved unless strict."""
    (error,) = found(text)
    assert (error.severity, error.code) == ("error", "duplicate-key")
    assert plainly(text) == []


@pytest.mark.parametrize(
    ("text", "dialect", "severity"),
    [
        ("a: 1\na: 2\n", Dialect.HOME_ASSISTANT, "warning"),
        ("a: 1\na: 2\n", Dialect.ESPHOME, "error"),
        ("a: 1\na: 2\n", Dialect.COMPOSE, "error"),
        ("yes: 1\ntrue: 2\n", Dialect.ESPHOME, "error"),
        ("yes: 1\ntrue: 2\n", Dialect.GENERIC, "warning"),
        ("10: 1\n0xA: 2\n", Dialect.GENERIC, "error"),
        ("~: 1\nnull: 2\n", Dialect.GENERIC, "error"),
        ("1: 1\n!!str 1: 2\n'1': 3\n", Dialect.GENERIC, "error"),
    ],
)
def test_keys_are_compared_as_their_reader_reads_them(text: str, dialect: Dialect, severity: str) -> None:
    """By value; what only readers of one version take for the same is a warning where both may read."""
    duplicates = [one for one in check(text.encode(), strict=True, seconds=10, dialect=dialect) if "dup" in one.code]
    assert [one.severity for one in duplicates] == [severity]


@pytest.mark.parametrize("text", ["1: a\n'1': b\n", "1: a\n1.0: b\n", "<<: {a: 1}\n<<: {b: 1}\n"])
def test_keys_that_only_look_alike_are_no_duplicates(text: str) -> None:
    """A number and a text; merge keys may stand more than once."""
    assert "duplicate-key" not in [one.code for one in found(text)]


def test_many_warnings_do_not_hide_an_error() -> None:
    """Each severity is counted for itself."""
    text = "".join(f"- {{yes: {n}, true: {n}}}\n" for n in range(150)) + "- {a: 1, a: 2}\n"
    assert [one.severity for one in found(text) if one.code == "duplicate-key"].count("error") == 1


def test_several_documents_are_a_warning_where_the_reader_takes_one() -> None:
    """Once, at the second one; Compose merges them."""
    text = b"a: 1\n---\nb: 1\n---\nc: 1\n"
    for dialect in Dialect:
        (*noted,) = check(text, strict=True, seconds=10, dialect=dialect)
        expected = [("warning", 1)] if dialect in {Dialect.HOME_ASSISTANT, Dialect.ESPHOME} else []
        assert [(one.severity, one.range.start.line) for one in noted] == expected


def test_every_duplicate_is_pointed_at() -> None:
    """The second and third one, with their own range."""
    errors = found("a: 1\nbb:\n  a: 1\nbb: 2\nbb: 3\n")
    assert [(e.range.start, e.range.end) for e in errors] == [(at(3, 0), at(3, 2)), (at(4, 0), at(4, 2))]


def test_what_stands_before_a_syntax_error_is_said() -> None:
    """In the order of the text. What comes after it has little meaning: aliases there may have lost their anchor."""
    assert [d.code for d in found("a: *x\na: 1\n]\nb: *y\n")] == ["undefined-alias", "duplicate-key", "syntax"]


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("a: 1\nb: c: d\nc: 2\nd: 'it's'\ne: 3\n", [at(1, 4), at(3, 7)]),
        ("- a: b: c\n- b\n- - c: d: e\n", [at(0, 6), at(2, 8)]),
        ("--- \na: b: c\n---\n- x\n y: 1\n", [at(1, 4), at(4, 2)]),
        ("ü: b: c\r\n😀: 1\r\nx: '😀' ]\r\n", [at(0, 4), at(2, 8)]),
    ],
)
def test_reading_goes_on_at_the_next_outermost_entry(text: str, starts: list[Position]) -> None:
    """Each error has its place in the whole document."""
    assert [error.range.start for error in found(text)] == starts
    assert plainly(text) == found(text)


@pytest.mark.parametrize(
    "text",
    [
        "a:\n- b: c: d\n- e\n- f\nlast: 1\n",
        "a: [1,\nb: 2\nc: 3\nd: 4\n",
        "a: |\n  x\n y: z\nb: 1\n",
        'a: "x\nb: 1\nc: 2\n',
        "a: b: c\nb: *x\nc: !t!u 1\n",
    ],
)
def test_what_follows_from_an_error_is_not_reported(text: str) -> None:
    """One mistake, one error."""
    assert len(found(text)) == 1


def test_errors_are_bounded() -> None:
    """Nobody reads a thousand."""
    assert len(found("a: b: c\n" * 1000)) == MOST_ERRORS


def test_nesting_has_a_limit() -> None:
    """The time of libyaml grows with the square of the nesting."""
    assert found("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    (error,) = found("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert (error.code, error.range.start) == ("too-deep", at(0, MAX_DEPTH))


def laughs(levels: int) -> str:
    """Nine to the power of ``levels``."""
    first = ["a0: &a0 [x]"]
    return "\n".join(first + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels + 1)])


@pytest.mark.parametrize("look", [found, plainly])
def test_a_billion_laughs_are_refused(look: Callable[[str], list[Diagnostic]]) -> None:
    """At both levels, where the expansion grows too large; a thousand are nothing."""
    assert look(laughs(3)) == []
    (error,) = look(laughs(9))
    assert (error.severity, error.code) == ("error", "alias-expansion")
    assert error.range.start.line <= 6


@pytest.mark.parametrize("look", [found, plainly])
def test_long_texts_repeated_by_aliases_are_refused(look: Callable[[str], list[Diagnostic]]) -> None:
    """It is not only the number of nodes that grows."""
    text = f"- &a {'x' * 10_000}\n" + "".join(f"- &b{n} [{', '.join(['*a'] * 1000)}]\n" for n in range(8))
    assert [error.code for error in look(text)] == ["alias-expansion"]


def test_objects_are_not_built() -> None:
    """Tags that would run code elsewhere are names here."""
    assert found("!!python/object/apply:os._exit [1]\n") == []


@pytest.mark.parametrize(
    "slow",
    [b"- a\n" * 20_000, b"a: 1\n" * 20_000, b"".join(b"%%TAG !t%d! x\n" % n for n in range(20_000)) + b"---\na\n"],
    ids=["items", "duplicates", "directives"],
)
def test_the_deadline_is_kept(slow: bytes) -> None:
    """A document that takes longer than it may is given up, never called valid."""
    with suppress(TimeoutError):
        assert any(diagnostic.severity == "error" for diagnostic in check(slow, strict=True, seconds=0.001))


_PIECES = st.sampled_from(
    ["a", "b", ": ", "- ", "\n", "  ", "{", "}", "[", "]", ",", "&x ", "*x", "!t ", "'", '"', "|", ">", "#", "? ",
     "---", "...", "%TAG", "<<", "\t", "\r", "\ufeff", "ü", "😀", "\u2028", "\x85", "\\", "@", "`"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())))
@settings(max_examples=500, deadline=None)
@example(b"\xff\xfe")
@example(b"\xff\xfea")
@example(b"\xed\xa0\x80")
@example(b"%")
def test_any_bytes_have_an_answer(data: bytes) -> None:
    """Whatever the bytes: diagnostics with positions inside the document, or a timeout; nothing else is raised."""
    for diagnostic in found(data):
        start, end = diagnostic.range.start, diagnostic.range.end
        assert (0, 0) <= (start.line, start.character) <= (end.line, end.character)
        assert end.character <= 2 * len(data)
        assert diagnostic.message


@given(st.one_of(st.binary(max_size=200), st.lists(_PIECES, max_size=40).map(lambda pieces: "".join(pieces).encode())))
@settings(max_examples=500, deadline=None)
@example(b"a: *x")
@example(b"\xe2\x80\xa8*0")
@example(b'{"a":*x}')
@example(b"\xff\xfe*\x00x\x00")
@example(b"a: &x 1\nb: [*x, *y]\n")
def test_the_quick_way_says_what_the_strict_one_says(data: bytes) -> None:
    """A save's check finds the errors of the strict one, but for duplicate keys."""
    strict = [one for one in found(data) if one.severity == "error" and one.code != "duplicate-key"]
    assert plainly(data) == strict


def test_a_large_or_nested_document_is_not_left_to_libyaml_alone() -> None:
    """What could take libyaml long goes event by event, where the deadline holds."""
    for slow in (b"- a\n" * 300_000, b"[" * 150 + b"a," * 200_000 + b"]" * 150):
        with pytest.raises(TimeoutError):
            check(slow, strict=False, seconds=0.001)
