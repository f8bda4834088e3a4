"""Equal fingerprints: the same data to every reader of the dialect."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.deadline import Deadline
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format
from confkeep.documents.node import Mapping
from confkeep.documents.reading import Reading, Unreadable
from confkeep.documents.showing import LEFT_OUT
from confkeep.documents.streams import compose

if TYPE_CHECKING:
    from confkeep.documents.node import Node


def node_of(text: str, format_: Format = Format.YAML) -> Node:
    """The root of a text."""
    return compose(text, format_, Deadline(5)).roots[0]


def reading_of(dialect: Dialect = Dialect.GENERIC, format_: Format = Format.YAML) -> Reading:
    """A fresh one."""
    return Reading(format_, dialect, Deadline(5))


def alike(one: str, other: str, dialect: Dialect = Dialect.GENERIC, format_: Format = Format.YAML) -> bool:
    """Whether two texts have one fingerprint."""
    reading = reading_of(dialect, format_)
    return reading.fingerprint(node_of(one, format_)) == reading.fingerprint(node_of(other, format_))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at: 17:30:00", "at: 63000"),
        ("on: yes", "true: true"),
        ("mode: 0755", "mode: 493"),
        ("size: 1_000", "size: 1000"),
        ("hex: 0x1F", "hex: 31"),
        ("a: !!str 5", "a: '5'"),
        ("a: !!float 3", "a: 3.0"),
        ("a: !!int '3'", "a: 3"),
        ("when: 2024-01-01 10:00:00", "when: 2024-01-01T10:00:00"),
        ("nothing: ~", "nothing:"),
        ("not: .nan", "not: .NaN"),
    ],
)
def test_home_assistant_reads_yaml_1_1(one: str, other: str) -> None:
    """Two writings of one value, in keys too."""
    assert alike(one, other, Dialect.HOME_ASSISTANT)


@pytest.mark.parametrize(("one", "other"), [("at: 17:30:00", "at: 63000"), ("on: 1", "true: 1"), ("a: 010", "a: 8")])
def test_the_same_to_readers_of_one_version_only_is_not_the_same(one: str, other: str) -> None:
    """Where readers of both versions are possible, both must get the same."""
    assert alike(one, other, Dialect.ESPHOME)
    assert not alike(one, other, Dialect.GENERIC)
    assert not alike(one, other, Dialect.COMPOSE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a: 1, b: [x, 'y']}", "b:\n  - 'x'\n  - y\na: 1\n"),
        ("a: &x {b: 1}\nc: *x", "a: {b: 1}\nc: {b: 1}"),
        ("a: 1\na: 2", "a: 2"),
        ("text: |\n  one\n  two\n", 'text: "one\\ntwo\\n"'),
        ("base: &b {x: 1, y: 1}\nuse: {<<: *b, y: 2}", "base: {x: 1, y: 1}\nuse: {x: 1, y: 2}"),
        ("{<<: [{x: 1}, {x: 2, y: 2}], z: 3}", "{x: 1, y: 2, z: 3}"),
        ("{<<: {x: 1}, <<: {x: 2}}", "{x: 2}"),
        ("{<<: {<<: {x: 1}, y: 1}}", "{x: 1, y: 1}"),
        ("!secret 'x'", "!secret x"),
        ("{<<: !include a, b: 1}", "{b: 1, <<: !include a}"),
        ("!!map {a: 1}", "{a: 1}"),
        ("? [a, b]\n: 1", "[a, b]: 1"),
    ],
)
def test_the_same_data(one: str, other: str) -> None:
    """Whatever the style, the order of keys, anchors and merge keys."""
    assert alike(one, other)
    assert alike(one, other, Dialect.HOME_ASSISTANT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[a, b]", "[b, a]"),
        ("a: 1", "a: '1'"),
        ("a: 1", "a: 1.0"),
        ("a: 1", "a: true"),
        ("a: null", "a: ''"),
        ("!include a", "!include b"),
        ("!include a", "!secret a"),
        ("!include a", "a"),
        ("!x [1]", "[1]"),
        ("!!set {a, b}", "{a, b}"),
        ("{<<: !include a}", "{<<: !include b}"),
        ("{<<: !include a, <<: !include b}", "{<<: !include b, <<: !include a}"),
        ("{'<<': {a: 1}}", "{<<: {a: 1}}"),
        ("{yes: 1, true: 2}", "{true: 2, yes: 1}"),
        ("{yes: 3, true: 2}", "{yes: 1, true: 2, yes: 3}"),
        ("[]", "{}"),
    ],
)
def test_other_data(one: str, other: str) -> None:
    """What some reader gets otherwise."""
    assert not alike(one, other)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a": 1.0, "b": [true]}', '{"b":[true],"a":1}', True),
        ("100", "1e2", True),
        ("1e999999999999999999999", "1e999999999999999999999", True),
        ('"1"', "1", False),
        ('"\\u0061"', '"a"', True),
        ('{"on": 1}', '{"true": 1}', False),
        ('{"<<": {"a": 1}}', '{"a": 1}', False),
        ("null", '"null"', False),
        ("0.1", "0.10000000000000001", False),
    ],
)
def test_json(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    """JSON has its own kinds, and one of numbers."""
    assert alike(one, other, format_=Format.JSON) is same


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("ab1:0_.- \nyeson~", max_size=6)
)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(SCALARS, inner, max_size=4), max_leaves=20
)


def judged(data: Any) -> Any:  # noqa: ANN401
    """``data`` so that == means the same data: Python has 1 == True == 1.0."""
    if isinstance(data, dict):
        return {(type(key), key): judged(value) for key, value in data.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(data, list):
        return [judged(value) for value in data]  # pyright: ignore[reportUnknownVariableType]
    return type(data), data


@given(DATA, DATA, st.booleans())
def test_fingerprints_agree_with_pyyaml(one: Any, other: Any, flow: bool) -> None:  # noqa: ANN401, FBT001
    """Two dumps have one fingerprint exactly when PyYAML loads the same from them."""
    first = yaml.safe_dump(one, default_flow_style=flow, allow_unicode=True)
    for second in (yaml.safe_dump(one, sort_keys=False), yaml.safe_dump(other)):
        same = judged(yaml.safe_load(first)) == judged(yaml.safe_load(second))
        assert alike(first, second, Dialect.HOME_ASSISTANT) is same


def test_a_billion_laughs_take_no_time() -> None:
    """Aliases of aliases are read once, however much they would expand to; what is shown of them is bounded."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60))]
    node = node_of("\n".join(lines))
    reading = reading_of()
    assert reading.fingerprint(node) == reading.fingerprint(node)
    assert LEFT_OUT in json.dumps(reading.data(node), ensure_ascii=False)


def test_a_long_chain_of_aliases_needs_no_stack() -> None:
    """Not the whole document is asked for, so nothing is known of what its aliases stand for."""
    node = node_of("\n".join(["- &a0 [x]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 5_000))]))
    assert not isinstance(node, Mapping)
    last = reading_of().fingerprint(node.values[-1])  # type: ignore[union-attr]
    assert last > 0


def test_merge_keys_that_bring_too_much_are_refused() -> None:
    """A chain of them brings as many entries as the square of its length."""
    lines = ["a0: &a0 {k0: 0}", *(f"a{n}: &a{n} {{<<: *a{n - 1}, k{n}: {n}}}" for n in range(1, 2_000))]
    with pytest.raises(Unreadable, match="merge keys"):
        reading_of().fingerprint(node_of("\n".join(lines)))


def test_the_deadline_is_seen() -> None:
    """Reading ends where time does."""
    node = node_of("[" + "[], " * 5_000 + "]")
    with pytest.raises(TimeoutError):
        Reading(Format.YAML, Dialect.GENERIC, Deadline(-1)).fingerprint(node)


def test_entries_name_what_is_read() -> None:
    """What merge keys bring has no place of its own; of duplicates the last one counts."""
    node = node_of("{<<: {a: 1, b: 1}, b: 2, c: 1, c: 3}")
    assert isinstance(node, Mapping)
    found = [(entry.key.value, entry.value.value, entry.at) for entry in reading_of().entries(node).values()]  # type: ignore[union-attr]
    assert found == [("a", "1", None), ("b", "2", 1), ("c", "3", 3)]


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("a: 17:30:00", Dialect.HOME_ASSISTANT, {"a": 63000}),
        ("a: 17:30:00", Dialect.GENERIC, {"a": "17:30:00"}),
        ("on: off", Dialect.HOME_ASSISTANT, {"on": False}),
        ("{<<: {a: 1}, b: [~, 1.5]}", Dialect.GENERIC, {"a": 1, "b": [None, 1.5]}),
        ("a: !include x.yaml", Dialect.HOME_ASSISTANT, {"a": "!include x.yaml"}),
        ("[.inf, 2024-01-01]", Dialect.HOME_ASSISTANT, ["inf", "2024-01-01"]),
        ("a: &x [1]\nb: *x", Dialect.GENERIC, {"a": [1], "b": [1]}),
        ("[a]: 1", Dialect.GENERIC, {LEFT_OUT: 1}),
    ],
)
def test_data_is_what_json_can_show(text: str, dialect: Dialect, expected: object) -> None:
    """To be shown to a person: what JSON does not know is text."""
    assert reading_of(dialect).data(node_of(text)) == expected
