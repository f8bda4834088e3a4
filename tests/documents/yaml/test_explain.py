"""confkeep.documents.yaml.explain: what was written wrongly, and what to do."""

from __future__ import annotations

import pytest

from confkeep.documents.yaml.check import check


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b: c\n", "a second ': '"),
        ("key: value\n  worse: x\n", "deeper than line 1"),
        ("key:value\nother: 1\n", "space is missing after the ':' in line 1"),
        ("a: 1\nb:2\nc: 3\n", "space is missing after the ':' in line 2"),
        ("a: 1\nforgotten\nc: 3\n", "line 2 has no ':'"),
        ("a: 1\n\tb: 2\n", "a tab"),
        ("a:\n\tb: 2\n", "a tab"),
        ("a:\n  b: 1\n c: 2\n", "wrong indentation: 1 space here, but the keys that begin in line 1 have 0"),
        ("a:\n  - b\n - c\n", "wrong indentation"),
        ("- a\nb: 1\n", "starts with '- '"),
        ("a: 1\n- b\n", "a list item among the keys"),
        ("a: 'it's'\n", "written '' (two of them)"),
        ('a: "x" y\n', 'written \\"'),
        ('a: "x\n', 'the quote " that opens in line 1 is never closed'),
        ("a: [1, 2\nb: 3\n", "the [ of line 1 is not closed"),
        ("a: [1, 2}\n", "the [ is not closed"),
        ("a: 1]\nb: ]\n", "nothing stands before this ]"),
        ("a: 1\n]\n", "this ] closes nothing"),
        ("a: {{ x }} y\n", "template"),
        ("a: %x\n", "must not begin with %"),
        ("a: @x\n", "must not begin with @"),
        ("cron: */5\n", "begins with *"),
        ("a: &\n", "begins with &"),
        ("a: - b\n", "cannot begin in the line of its key"),
        ('a: "\\d"\n', "unknown escape"),
        ("a: | text\n", "must not stand behind |"),
        ("a: 1\n  ...\n  b: 2\n", "the '...' of line 2"),
    ],
)
def test_a_mistake_is_named(text: str, words: str) -> None:
    """With libyaml's words behind it, for those who search for them."""
    first, *_ = check(text.encode(), strict=False, seconds=10)
    assert words in first.message
    assert first.message.endswith(")")


@pytest.mark.parametrize(
    "text", ["a: 1\nhunter2\nb: 2\n", "a: hunter2: x\n", "hunter2: 1\n b: 2\n", "a: 'hunter2' hunter2\n"]
)
def test_nothing_of_the_text_is_quoted(text: str) -> None:
    """Messages go to logs."""
    assert "hunter2" not in " ".join(one.message for one in check(text.encode(), strict=False, seconds=10))


def test_what_is_not_recognised_stays_as_the_parser_says_it() -> None:
    """Better libyaml's words than a wrong explanation."""
    (error,) = check(b"%YAML 1.1\n%YAML 1.1\n---\na\n", strict=False, seconds=10)
    assert "%YAML directive" in error.message
