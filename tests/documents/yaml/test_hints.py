"""confkeep.documents.yaml.hints and tags: what a complete check remarks on, for whom."""

from __future__ import annotations

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml.check import check
from confkeep.documents.yaml.hints import FIRST, is_harmless
from confkeep.documents.yaml.scalars import read

HA = Dialect.HOME_ASSISTANT


def noted(text: str, dialect: Dialect = Dialect.GENERIC) -> list[tuple[str, str, int]]:
    """Severity, code and line of all that is said."""
    found = check(text.encode(), strict=True, seconds=10, dialect=dialect)
    return [(one.severity, one.code, one.range.start.line) for one in found]


@pytest.mark.parametrize("value", ["yes", "Off", "17:30:00", "012", "1_000", "0o14", "1e3", "2024-01-01", "=", "-.5"])
def test_what_the_versions_read_differently_is_a_hint(value: str) -> None:
    """Plain as a value, an item or a key; never between quotes."""
    for text in (f"a: {value}\n", f"- {value}\n", f"{value}: a\n", f"{{a: [{value}]}}\n", f"? [a]\n: {value}\n"):
        assert [(severity, code) for severity, code, _ in noted(text)] == [("hint", "ambiguous-scalar")]
    assert noted(f"a: '{value}'\nb: \"{value}\"\nc: |-\n  {value}\nd: !!str {value}\n") == []


@pytest.mark.parametrize("value", ["true", "null", "12", "1.5", "text", "on time", "12:00 x", "", "~", ".inf", "0x1F"])
def test_what_all_read_alike_is_not_remarked_on(value: str) -> None:
    """Neither as a value nor as a key."""
    assert noted(f"a: {value}\n") == []


def test_home_assistant_is_told_only_of_surprises() -> None:
    """Words are everyday there; numbers that do not look like one are not, nor are keys that become true."""
    text = "a: on\nb: 17:30:00\nc: 0123\nd: 1_000\ne: 2024-01-01\non: 1\ng: 0123.5\nh: 08\ni: 0x10\n"
    assert noted(text, HA) == [("hint", "ambiguous-scalar", line) for line in (1, 2, 5)]


def test_hints_are_bounded() -> None:
    """A file full of them says it twenty times."""
    assert len(noted("- yes\n" * 1000)) == 20


def test_a_hint_never_makes_a_document_invalid() -> None:
    """It is not even looked for when only the syntax is checked."""
    assert check(b"a: yes\n", strict=False, seconds=10) == []


def test_every_scalar_that_is_more_than_text_is_looked_at() -> None:
    """The table of first characters holds those of all of them."""
    for first in map(chr, range(33, 127)):
        for rest in ("", "es", "o", "n", "ff", "rue", "alse", "ull", "1", ".5", "x1", "b1", "inf", "nan", "<"):
            value = first + rest
            if read(value, "1.1")[0] not in {"str", "merge"} or read(value, "1.2")[0] not in {"str", "merge"}:
                assert first in FIRST or is_harmless(value) or value in {"~", "=", "null"}


@pytest.mark.parametrize(
    ("dialect", "known"),
    [
        (HA, "!secret !include !include_dir_list !include_dir_merge_named !input !env_var !!set !"),
        (Dialect.ESPHOME, "!secret !include !include_dir_list !lambda !extend !remove !force !literal !!binary"),
        (Dialect.COMPOSE, "!reset !override !!float"),
        (Dialect.GENERIC, "!secret !anything !!anything !<tag:x,2000:y>"),
    ],
)
def test_known_tags(dialect: Dialect, known: str) -> None:
    """Nothing is said of them, nor of any tag where the reader is not known."""
    assert noted("".join(f"- {tag} x\n" for tag in known.split()), dialect) == []


@pytest.mark.parametrize("dialect", [HA, Dialect.ESPHOME, Dialect.COMPOSE])
@pytest.mark.parametrize(
    "text", ["a: !Secret x\n", "!x a: 1\n", "- !x [1]\n", "!x {a: 1}\n", "? !x [1]\n: 1\n", "a: !!y 1\n"]
)
def test_unknown_tags_are_a_warning(dialect: Dialect, text: str) -> None:
    """On scalars, keys and collections."""
    assert [(severity, code) for severity, code, _ in noted(text, dialect)] == [("warning", "unknown-tag")]


def test_a_tag_in_the_wrong_case_is_told_the_right_one() -> None:
    """The remedy is a part of the message."""
    (found,) = check(b"a: !Secret x\n", strict=True, seconds=10, dialect=HA)
    assert "!secret" in found.message
