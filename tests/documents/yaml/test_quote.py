from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.yaml.quote import body, double, header, is_literal, is_plain, is_string, quoted, single
from confkeep.errors import NotRepresentable

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def loaded(text: str) -> object:
    """What PyYAML reads."""
    return yaml.load(text, yaml.CSafeLoader)


@given(TEXTS)
def test_double(value: str) -> None:
    """Double quotes hold any text, on one line."""
    written = double(value)
    assert loaded(f"k: {written}\n") == {"k": value}
    assert loaded(f"[{written}]\n") == [value]
    assert len(written.splitlines()) == 1


@given(TEXTS)
def test_single(value: str) -> None:
    """Single quotes hold what needs no escape, or say that they do not."""
    written = single(value)
    assert written is None or loaded(f"[{written}]") == [value]
    assert quoted(value, "'") == (written or double(value))


@given(TEXTS | st.text("ab :#-?,[]{}&*!|>'\"%@`\t.\\~=<", max_size=6))
def test_plain(value: str) -> None:
    """What may be plain is read as it is: in a block, between brackets, as a key."""
    if is_plain(value, flow=False) and is_string(value):
        assert loaded(f"{value}: {value} # x\n") == {value: value}
        assert loaded(f"- {value}\n") == [value]
    if is_plain(value, flow=True) and is_string(value):
        assert loaded(f"[{value},{value}, {{{value}: {value}}}]") == [value, value, {value: value}]


@given(TEXTS | st.text(" ab\n\t#-:", max_size=12))
def test_literal(value: str) -> None:
    """What may be a literal block scalar is read as it is."""
    if is_literal(value):
        written = "\n".join(["k: " + header(value, "|", 2), *body(value, 2)])
        assert loaded(written + "\nl: 1\n") == {"k": value, "l": 1}


@pytest.mark.parametrize(
    "value",
    [
        "on",
        "No",
        "17:30:00",
        "1_000",
        "2024-01-01",
        "=",
        "~",
        "<<",
        "0o7",
        ".5",
        "1e3",
        "",
        "null",
        "y",
        "N",
        "0x1f",
        ".inf",
    ],
)
def test_string(value: str) -> None:
    """What a reader of YAML 1.1 or of 1.2 takes for something else is no string."""
    assert not is_string(value)


@pytest.mark.parametrize("value", ["light.kitchen", "a b", "http://host:80/x#y", "it's", "-a", "1.2.3", "10:99x"])
def test_needs_no_quotes(value: str) -> None:
    """Ordinary strings stay plain."""
    assert is_plain(value, flow=False)
    assert is_string(value)


@pytest.mark.parametrize(
    "value",
    [
        "a: b",
        "a #b",
        "a:",
        " a",
        "a ",
        "- a",
        "? a",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'",
        '"',
        "%",
        "@",
        "`",
        "---",
        "...",
    ],
)
def test_needs_quotes(value: str) -> None:
    """What would begin or end something else is not plain."""
    assert not is_plain(value, flow=False)


@pytest.mark.parametrize("value", ["a,b", "[a", "a}", "a:b", "a?b"])
def test_needs_quotes_in_brackets(value: str) -> None:
    """Between brackets more characters have a meaning."""
    assert not is_plain(value, flow=True)


def test_surrogate() -> None:
    """Half of a surrogate pair cannot be written."""
    with pytest.raises(NotRepresentable):
        double("\ud800")
