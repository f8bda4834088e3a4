"""The tests of the check can fail: each of its guarantees is broken on purpose, and a question notices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from confkeep.documents import lines
from confkeep.documents.check import check
from confkeep.documents.diagnostic import Position
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.yaml import aliases, hints, notes, resume, tags, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    import yaml

    from confkeep.documents.diagnostic import Diagnostic

_LAUGHS = b"a0: &a0 [x]\n" + b"".join(
    b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)
)


def errors(text: bytes, dialect: Dialect = Dialect.GENERIC, *, strict: bool = True) -> list[tuple[str, int, int]]:
    """Code, line and character of each error."""
    found = check(text, Format.YAML, dialect=dialect, strict=strict, seconds=60)
    return [(one.code, one.range.start.line, one.range.start.character) for one in found if one.severity == "error"]


def noted(text: bytes, dialect: Dialect) -> list[tuple[str, str]]:
    """Severity and code of all that is said."""
    return [(one.severity, one.code) for one in check(text, Format.YAML, dialect=dialect, strict=True, seconds=60)]


def laughs_are_refused() -> bool:
    """At both levels."""
    return all(
        [code for code, _, _ in errors(_LAUGHS, strict=strict)] == ["alias-expansion"] for strict in (False, True)
    )


def aliases_need_anchors() -> bool:
    """Of the same document."""
    text = b"- &a 1\n--- *a\n"
    return all(errors(text, strict=strict) == [("undefined-alias", 1, 4)] for strict in (False, True))


def duplicates_are_found() -> bool:
    """In each mapping for itself."""
    return errors(b"a: {b: 1}\nc: {b: 1}\na: 2\n") == [("duplicate-key", 2, 0)]


def keys_have_a_meaning() -> bool:
    """As the reader reads them."""
    return errors(b"yes: 1\ntrue: 2\n", Dialect.ESPHOME) == [("duplicate-key", 1, 0)] and not errors(b"1: 1\n'1': 2\n")


def places_are_right() -> bool:
    """In UTF-16 units, in lines that end as an editor's do."""
    return errors("a: '\u2028'\r\nü😀: *x\n".encode()) == [("undefined-alias", 1, 5)]


def reading_goes_on() -> bool:
    """With places in the whole document."""
    return errors(b"a: b: c\nb: 1\nc: d: e\n") == [("syntax", 0, 4), ("syntax", 2, 4)]


def nothing_follows_from_an_error() -> bool:
    """Items below a key are no outermost entries of a mapping."""
    return len(errors(b"a:\n- b: c: d\n- e\nf: 1\n")) == 1


def dialects_matter() -> bool:
    """Tags, duplicates and hints."""
    text = b"a: !x 1\nb: 1:30\nb: on\n"
    return noted(text, Dialect.HOME_ASSISTANT) == [
        ("warning", "unknown-tag"),
        ("hint", "ambiguous-scalar"),
        ("warning", "duplicate-key"),
    ]


def depth_is_bounded() -> bool:
    """Before libyaml's time explodes."""
    return errors(b"[" * 300)[:1] == [("too-deep", 0, 200)]


def _no(*_: object) -> bool:
    return False


def _yes(*_: object) -> bool:
    return True


def _nothing(*_: object) -> None:
    """Not done."""


def _none_further(*_: object) -> list[Diagnostic]:
    return []


def _always_an_error(*_: object) -> str:
    return "error"


def _both_versions(*_: object) -> tuple[str, ...]:
    return ("1.1", "1.2")


def _items(*_: object) -> re.Pattern[str]:
    return re.compile(r"- ")


def _column(error: yaml.MarkedYAMLError) -> int:
    return error.problem_mark.column if error.problem_mark else 0


def _plain_position(self: lines.Lines, index: int) -> Position:
    number = self.number(index)
    return Position(number, index - self.starts[number])


def _as_written(event: Any, version: object) -> tuple[object, str]:  # noqa: ANN401 - an event
    return version, event.value


class Mutant(NamedTuple):
    """What is replaced, by what, and the question that must notice."""

    of: object
    name: str
    by: object
    question: Callable[[], bool]

    def __str__(self) -> str:
        return f"{self.name}-{getattr(self.question, '__name__', '')}"


MUTANTS = [
    Mutant(aliases, "MAX_EXPANDED_NODES", 1 << 60, laughs_are_refused),
    Mutant(aliases, "may_have", _no, laughs_are_refused),
    Mutant(aliases, "may_have", _no, aliases_need_anchors),
    Mutant(notes, "identity", _as_written, keys_have_a_meaning),
    Mutant(hints, "is_harmless", _yes, keys_have_a_meaning),
    Mutant(notes.Notes, "key", _nothing, duplicates_are_found),
    Mutant(lines.Lines, "position", _plain_position, places_are_right),
    Mutant(lines, "_END_OF_LINE", re.compile("[\n\u2028]"), places_are_right),
    Mutant(resume, "further", _none_further, reading_goes_on),
    Mutant(resume, "place_of", _column, reading_goes_on),
    Mutant(resume, "_KEY", re.compile(r"- "), reading_goes_on),
    Mutant(resume, "_Resumption._kind", _items, nothing_follows_from_an_error),
    Mutant(tags, "is_known", _yes, dialects_matter),
    Mutant(notes, "severity", _always_an_error, dialects_matter),
    Mutant(hints, "versions", _both_versions, dialects_matter),
    Mutant(walk, "MAX_DEPTH", 250, depth_is_bounded),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_broken_check_is_noticed(monkeypatch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """The question is answered with yes of the real check, with no of its mutant."""
    assert mutant.question()
    *way, last = mutant.name.split(".")
    of = mutant.of
    for step in way:
        of = getattr(of, step)
    monkeypatch.setattr(of, last, mutant.by)
    assert not mutant.question()
