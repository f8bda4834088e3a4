"""confkeep.documents.ini, env and plain_text: formats without a standard; a save must not be refused without need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from confkeep.documents import env, ini, plain_text
from confkeep.documents.diagnostic import Position

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic


class Check(Protocol):
    """What both modules have."""

    def __call__(self, data: bytes, *, seconds: float) -> list[Diagnostic]:  # noqa: D102
        ...


def said(check: Check, text: str | bytes) -> list[tuple[str, str, int]]:
    """Severity, code and line of all that is said."""
    found = check(text if isinstance(text, bytes) else text.encode(), seconds=10)
    return [(one.severity, one.code, one.range.start.line) for one in found]


@pytest.mark.parametrize(
    "good",
    [
        "",
        "; c\n# c\n[a]\nb = 1\nc: 2\n",
        "[testenv]\ndeps =\n    pytest\n    [x\n    -r requirements.txt\n",
        "[PHP]\nextension[]=a\nextension[]=b\n",
        '[remote "a]b"] ; c\nurl = x\n',
        "[a]\nb = x \\\n[y\n",
        "[a]\r\nb = 1\r\n[b]\r\nb = 1\r\n",
    ],
)
def test_ini_as_programs_write_it(good: str) -> None:
    """Python's, PHP's, git's, systemd's, on Unix and Windows."""
    assert said(ini.check, good) == []


@pytest.mark.parametrize("bad", ["[a\nb = 1\n", "[a]\nb = 1\n[c\n", "[\n"])
def test_ini_a_section_without_its_bracket_is_an_error(bad: str) -> None:
    """The one thing that all readers stop at."""
    errors = [code for severity, code, _ in said(ini.check, bad) if severity == "error"]
    assert errors == ["syntax"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("b = 1\nc = 2\n", [("warning", "no-section", 0)]),
        ("[mysqld]\nskip-networking\n", [("warning", "no-value", 1)]),
        ("[a]\nb = 1\nb = 2\n", [("warning", "duplicate-key", 2)]),
        ("[a]\n[b]\n[a]\n", [("warning", "duplicate-section", 2)]),
        (b"[a]\nb = \xfc\n", [("warning", "encoding", 1)]),
        ("\ufeff[a]\n", [("warning", "byte-order-mark", 0)]),
        ('[a]\nb = """x\n[y\n"""\n', [("warning", "syntax", 2), ("warning", "no-value", 3)]),
        ("[a]\nb=1\n".encode("utf-16"), []),
    ],
)
def test_ini_what_readers_disagree_about_is_a_warning(text: str | bytes, expected: list[tuple[str, str, int]]) -> None:
    """Some program loads it: MySQL's options, Latin-1, what Windows and Gitea write."""
    assert said(ini.check, text) == expected


@pytest.mark.parametrize(
    "good",
    [
        "",
        "# c\n\n  A=1 # it's\nexport B=x=y\nC: z\nD\nE=\nF='it'\nÜ.9_a=1\r\nG=it's\n",
        'A="x\ny # \\" z"\nB=1\n',
        "A='x' # \"\n",
        "A=b#'c\nB=`x\n",
    ],
)
def test_env_as_compose_reads_it(good: str) -> None:
    """Quotes over several lines, comments, exports, hand-ons, CRLF."""
    assert said(env.check, good) == []


@pytest.mark.parametrize(
    ("bad", "start", "words"),
    [
        ("A=1\nB='x\nC=1\n", Position(1, 2), "never closed"),
        ('A=1\nB="x\\"\n', Position(1, 2), "never closed"),
        ("A=1\nB C=1\n", Position(1, 0), "space"),
        ("A$=1\n", Position(0, 0), "letters"),
        ("=1\n", Position(0, 0), "missing"),
        ("export A B\n", Position(0, 7), "NAME=value"),
    ],
)
def test_env_what_compose_refuses_is_an_error(bad: str, start: Position, words: str) -> None:
    """An unclosed quote, a name that is none."""
    (error,) = env.check(bad.encode(), seconds=10)
    assert (error.severity, error.code, error.range.start) == ("error", "syntax", start)
    assert words in error.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nA=2\n", [("warning", "duplicate-key", 1)]),
        ("\ufeffA=1\n", [("warning", "byte-order-mark", 0)]),
        (b"A=\xfc\n", [("warning", "encoding", 0)]),
        ("A=1\n".encode("utf-16"), [("error", "encoding", 0)]),
        ("A=1\n" * 50 + "B C=1\n", [*(("warning", "duplicate-key", n) for n in range(1, 21)), ("error", "syntax", 50)]),
    ],
)
def test_env_the_rest(text: str | bytes, expected: list[tuple[str, str, int]]) -> None:
    """Warnings for what Compose reads and others may not; many of them hide no error."""
    assert said(env.check, text) == expected


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", []),
        ("ü\n".encode(), []),
        ("ü\n".encode("utf-16"), []),
        (b"\xff", ["encoding"]),
        (b"a\0b", ["nul"]),
    ],
)
def test_text_is_checked_for_its_encoding(data: bytes, codes: list[str]) -> None:
    """Nothing else is known of it."""
    assert [one.code for one in plain_text.check(data)] == codes
