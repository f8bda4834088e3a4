"""confkeep.documents.yaml.scalars: plain scalars as YAML 1.1 (PyYAML) and 1.2 (the core schema) read them."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confkeep.documents.dialect import Dialect
from confkeep.documents.yaml.scalars import read, versions


def pyyaml(value: str) -> tuple[str, Any]:
    """What PyYAML's own SafeLoader resolves and constructs."""
    loader: Any = yaml.SafeLoader("")
    tag = loader.resolve(yaml.ScalarNode, value, (True, False))
    kind = tag.rpartition(":")[2]
    if kind in {"merge", "value"}:
        return kind, value
    try:
        made = loader.construct_object(yaml.ScalarNode(tag, value))
    except (ValueError, OverflowError):
        return kind, value
    if isinstance(made, dt.date):
        return "timestamp", made.isoformat()
    if isinstance(made, float) and math.isnan(made):
        made = "nan"
    return kind, made


def ours(value: str) -> tuple[str, Any]:
    """With the one name that PyYAML has for dates and timestamps."""
    kind, itself = read(value, "1.1")
    return ("timestamp" if kind == "date" else kind), itself


_WORDS = [
    form
    for word in ("yes", "no", "on", "off", "true", "false", "null", "y", "n", ".inf", ".nan")
    for form in (word, word.capitalize(), word.upper(), word.swapcase()[:1] + word[1:], word[:-1] + word[-1:].upper())
]
_TABLE = [
    *_WORDS, "", "~", "=", "<<", "-", "+", ".", "0", "-0", "+1", "012", "0o12", "08", "0b101", "-0b1", "0b_", "0x_",
    "0x1F", "-0x1", "1_000", "1_", "_1", "1.", "1.5e3", "1.5e+3", "1e3", ".5", "-.5", "1__0.5_0", "17:30:00", "-1:30",
    "1:60", "0:30", "1:30.5", "1:2:3.", "2024-01-01", "2024-1-1", "2024-13-01", "2024-01-01 1:02:03",
    "2024-01-01T01:02:03.123456789Z", "2024-01-01t01:02:03 +01:30", "2024-01-01 01:02:03 -1",
    "2024-01-01 01:02:03+25:00", "9" * 5000, "a", "\u0661",
]  # fmt: skip


@pytest.mark.parametrize("value", _TABLE)
def test_1_1_is_what_pyyaml_does(value: str) -> None:
    """Word by word."""
    expected, found = pyyaml(value), ours(value)
    assert (found, type(found[1])) == (expected, type(expected[1]))


_LIKE_DATES = st.from_regex(
    r"[0-9]{4}-[01]?[0-9]-[0-3]?[0-9]"
    r"(([Tt]|[ \t]{1,2})[0-2]?[0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,8})?( ?(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)?",
    fullmatch=True,
)


@given(
    st.one_of(
        st.text("0123456789_-+.:eExXbBoO", max_size=10), st.sampled_from(_WORDS), _LIKE_DATES, st.text(max_size=4)
    )
)
@settings(max_examples=2000)
@example("1:" * 3000 + "1")
def test_1_1_is_what_pyyaml_does_with_anything(value: str) -> None:
    """Also where PyYAML fails to construct: then the text stays what it is."""
    if len(value) > 4300:
        assert read(value, "1.1") == ("int", value)
    elif not value.endswith("\n") and value not in {"!", "&", "*"}:  # no plain scalar is like that
        expected, found = pyyaml(value), ours(value)
        assert (found, type(found[1])) == (expected, type(expected[1]))


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("yes", ("str", "yes")),
        ("on", ("str", "on")),
        ("True", ("bool", True)),
        ("FALSE", ("bool", False)),
        ("Null", ("null", None)),
        ("", ("null", None)),
        ("012", ("int", 12)),
        ("0o14", ("int", 12)),
        ("0x1F", ("int", 31)),
        ("-0x1", ("str", "-0x1")),
        ("0b1", ("str", "0b1")),
        ("1_000", ("str", "1_000")),
        ("+12", ("int", 12)),
        ("1e3", ("float", 1000.0)),
        ("-.5", ("float", -0.5)),
        (".5", ("float", 0.5)),
        ("1.", ("float", 1.0)),
        (".", ("str", ".")),
        ("-.INF", ("float", -math.inf)),
        (".NaN", ("float", "nan")),
        ("17:30:00", ("str", "17:30:00")),
        ("2024-01-01", ("str", "2024-01-01")),
        ("=", ("str", "=")),
        ("<<", ("merge", "<<")),
    ],
)
def test_1_2_is_the_core_schema(value: str, meaning: tuple[str, object]) -> None:
    """Section 10.3.2 of the specification, and the merge key that readers kept."""
    assert read(value, "1.2") == meaning


def test_who_reads_which_version() -> None:
    """Home Assistant and ESPHome use PyYAML; of others nothing is certain."""
    assert versions(Dialect.HOME_ASSISTANT) == versions(Dialect.ESPHOME) == ("1.1",)
    assert versions(Dialect.GENERIC) == versions(Dialect.COMPOSE) == ("1.1", "1.2")
