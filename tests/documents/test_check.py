"""confkeep.documents.check: which documents can be checked, and what a check promises for all of them."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confkeep.documents.check import check
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format, format_of
from tests.support.corpus import own


@pytest.mark.parametrize(
    ("name", "format_"),
    [
        ("a.yaml", Format.YAML),
        ("a.yml", Format.YAML),
        ("A.YAML", Format.YAML),
        ("b.c.Yml", Format.YAML),
        (".yaml", Format.YAML),
        ("x/a.json", Format.JSON),
        ("package.json", Format.JSON),
        ("a.jsonc", Format.JSONC),
        ("a.toml", Format.TOML),
        ("php.ini", Format.INI),
        (".env", Format.ENV),
        ("x/.env.local", Format.ENV),
        ("web.env", Format.ENV),
    ],
)
def test_a_name_announces_its_format(name: str, format_: Format) -> None:
    """By its suffix, whatever the case."""
    assert format_of(name) is format_


@pytest.mark.parametrize(
    "name",
    [
        "settings.json",
        "tsconfig.json",
        "tsconfig.app.json",
        "devcontainer.json",
        "x.code-workspace",
        "appsettings.json",
    ],
)
def test_files_whose_reader_allows_comments_are_json_with_comments(name: str) -> None:
    """What VS Code, TypeScript or .NET read is no plain JSON."""
    assert format_of(f".vscode/{name}") is Format.JSONC


@pytest.mark.parametrize(
    "name", ["", "yaml", "a.json5", "a.yaml.bak", "a.yaml~", "ayaml", "a.", ".envrc", "env", "a.txt"]
)
def test_other_names_announce_nothing(name: str) -> None:
    """What is not known is not checked."""
    assert format_of(name) is None


@pytest.mark.parametrize(
    ("format_", "good", "bad"),
    [
        (Format.YAML, b"a: 1\n", b"a: [\n"),
        (Format.JSON, b'{"a": 1}\n', b'{"a": 1\n'),
        (Format.JSONC, b'// a\n{"a": 1,}\n', b"{a}\n"),
        (Format.TOML, b"a = 1\n", b"a = \n"),
        (Format.INI, b"[a]\nb = 1\n", b"[a\n"),
        (Format.ENV, b"A=1\n", b"A='\n"),
        (Format.TEXT, b"anything\n", b"\xff\n"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_each_format_is_checked_by_its_rules(format_: Format, good: bytes, bad: bytes, strict: bool) -> None:  # noqa: FBT001
    """At both levels."""
    assert check(good, format_, strict=strict, seconds=5) == []
    assert [found.severity for found in check(bad, format_, strict=strict, seconds=5)] == ["error"]


_SEEDS = [path.read_bytes() for path in own()] + [
    b'{"a": [1, 2.5e3, true, null, "x\\u00fc"], "b": {"c": []}}\n',
    b'// settings\n{"a": 1, /* b */ "c": [1, 2,],}\n',
    b'title = "x"\n[a.b]\nc = [1, 2]\nd = 1979-05-27T07:32:00Z\n[[e]]\nf = """x\ny"""\n',
    b"; c\n[section]\nkey = value\nlist =\n  one\n  two\n[other]\nkey: value\n",
    b"# c\nexport A=1\nB=\"x y\"\nC='z'\nD=$A # e\n",
]
_PIECES = [
    b"\n",
    b"  ",
    b":",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"'",
    b"=",
    b",",
    b"#",
    b"*a",
    b"&a ",
    b"\t",
    b"\xff",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real document with pieces cut out, doubled and put in."""
    data = draw(st.sampled_from(_SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        middle = draw(st.sampled_from([b"", data[start:end] * 2, *_PIECES]))
        data = data[:start] + middle + data[end if draw(st.booleans()) else start :]
    return data


@given(st.one_of(st.binary(max_size=120), mutated()), st.sampled_from(list(product(Format, Dialect, (False, True)))))
@settings(max_examples=600)
@example(b"\xff\xfea\x00", (Format.JSON, Dialect.GENERIC, True))
@example(b"\xef\xbb\xbf", (Format.TOML, Dialect.GENERIC, True))
@example(b"a = [" + b"[" * 3000, (Format.TOML, Dialect.GENERIC, True))
@example(b'"\xed\xa0\x80"', (Format.JSON, Dialect.GENERIC, True))
def test_any_bytes_have_an_answer(data: bytes, how: tuple[Format, Dialect, bool]) -> None:
    """Diagnostics, in their order, with positions inside the document; nothing is raised."""
    format_, dialect, strict = how
    found = check(data, format_, dialect=dialect, strict=strict, seconds=20)
    starts = [(one.range.start.line, one.range.start.character) for one in found]
    assert starts == sorted(starts)
    for one in found:
        assert (one.range.start.line, one.range.start.character) >= (0, 0)
        assert (one.range.start.line, one.range.start.character) <= (one.range.end.line, one.range.end.character)
        assert one.range.end.line <= data.count(b"\n") + data.count(b"\r")
        assert one.message
        assert len(one.message) < 500


@given(mutated(), st.sampled_from([*Format]), st.sampled_from([*Dialect]))
@settings(max_examples=200)
def test_what_is_refused_at_syntax_is_refused_when_strict(data: bytes, format_: Format, dialect: Dialect) -> None:
    """The levels are nested."""
    lenient, strict = (check(data, format_, dialect=dialect, strict=level, seconds=20) for level in (False, True))
    refused = {(one.code, one.range) for one in lenient if one.severity == "error"}
    assert refused <= {(one.code, one.range) for one in strict if one.severity == "error"}


_SLOW = [
    (Format.YAML, b"k%d: b: c\n"),
    (Format.YAML, b"yes: 1\n"),
    (Format.YAML, b"k%d: on\n"),
    (Format.YAML, b"a: &x *x\n"),
    (Format.JSON, b"1,"),
    (Format.JSONC, b"// x\n"),
    (Format.JSON, b'"\\ud800",'),
    (Format.INI, b"[a%d]\n"),
    (Format.INI, b"a\n"),
    (Format.ENV, b"A B\n"),
    (Format.ENV, b'A%d="x\ny"\n'),
]


@pytest.mark.parametrize(("format_", "piece"), _SLOW)
def test_the_deadline_is_kept(format_: Format, piece: bytes) -> None:
    """A document that takes longer than it may is given up, or has its errors; it is never called valid."""
    data = b"".join(piece.replace(b"%d", str(number).encode()) for number in range(60_000))
    if format_ is Format.JSON:
        data = b"[" + data
    try:
        found = check(data, format_, strict=True, seconds=0.001)
    except TimeoutError:
        return
    assert any(one.severity == "error" for one in found)


def test_the_library_of_toml_is_not_asked_what_it_cannot_do_in_time() -> None:
    """Its parser cannot be interrupted."""
    with pytest.raises(TimeoutError):
        check(b"a = 1\n" * 1000, Format.TOML, strict=False, seconds=0.001)
