"""The parts of the integration that are plain functions."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, Final

import pytest

from tests.homeassistant.parts import part

yaml_text: Final[Any] = part("yaml_text")
entries: Final[Any] = part("entries")
seen: Final[Any] = part("seen")
client: Final[Any] = part("client")
sameness: Final[Any] = part("sameness")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"a: !include x.yaml\n", True),
        (b"- !secret word\n", True),
        (b"a: !!str 1\n", False),
        (b"alias: Hello!World\n", False),
        (b"a: 'no! really'\n", False),
        (b"a: b\n", False),
    ],
)
def test_has_tags(text: bytes, *, expected: bool) -> None:
    """A tag of an application is one; YAML's own and exclamation marks are none."""
    assert yaml_text.has_tags(text) is expected


def test_tags_are_written_as_they_were() -> None:
    """Scalars, lists and mappings with a tag: reading and dumping them gives the same data again."""
    text = b"a: !include x.yaml\nb: !x\n- 1\n- [2]\nc: !y\n  d: !z ''\ne: 2024-01-02\nf: 'on'\n"
    assert yaml_text.raw(yaml_text.dump(yaml_text.raw(text))) == yaml_text.raw(text)
    assert yaml_text.raw(text)["e"] == date(2024, 1, 2)


def test_nulls_and_shared_objects() -> None:
    """Written as Home Assistant does; what is used twice is written twice."""
    twice = {"a": None}
    assert yaml_text.dump([twice, twice, "ä"]) == "- a:\n- a:\n- ä\n".encode()


@pytest.mark.parametrize(
    ("data", "before", "written", "expected"),
    [
        (1, 1, "!one", "!one"),
        (2, 1, "!one", 2),
        ({"a": 1, "b": 3}, {"a": 1, "b": 2}, {"a": "!a", "b": "!b"}, {"a": "!a", "b": 3}),
        ({"a": 1, "c": 1}, {"a": 1}, {"a": "!a"}, {"a": "!a", "c": 1}),
        ([1, 2], [1, 2, 3], ["!1", "!2", "!3"], ["!1", "!2"]),
        ([2, 3], [1, 2, 3], ["!1", "!2", "!3"], ["!2", "!3"]),
        ([1, 9, 3], [1, 2, 3], ["!1", "!2", "!3"], ["!1", 9, "!3"]),
        ([{"a": 1, "b": 9}], [{"a": 1, "b": 2}], [{"a": "!a", "b": "!b"}], [{"a": "!a", "b": 9}]),
        ([1, 1], [1], ["!1"], ["!1", 1]),
        ([1, 2], [1], [0, 0], [1, 2]),
    ],
)
def test_restored(data: object, before: object, written: object, expected: object) -> None:
    """What is as before is as it was written, wherever it stands now; what changed is not."""
    assert yaml_text.restored(data, before, written) == expected


@pytest.mark.parametrize(
    ("data", "key", "entry", "expected"),
    [
        ([{"id": "a"}, {"id": "b"}], "a", {"id": "a", "x": 1}, [{"id": "a", "x": 1}, {"id": "b"}]),
        ([{"id": "a"}, "text", {"id": "b"}], "a", None, ["text", {"id": "b"}]),
        ([{"id": "a"}], "c", {"id": "c"}, [{"id": "a"}, {"id": "c"}]),
        ([{"id": "a"}], "c", None, [{"id": "a"}]),
        ({"a": 1, "b": 2}, "a", 3, {"a": 3, "b": 2}),
        ({"a": 1, "b": 2}, "a", None, {"b": 2}),
        ({"a": 1}, "c", 2, {"a": 1, "c": 2}),
        ({}, "c", None, {}),
    ],
)
def test_with_entry(data: object, key: str, entry: object, expected: object) -> None:
    """At its place, or at the end; nothing else changes, nor does what was given."""
    before = repr(data)
    made = entries.with_entry(data, key, entry)
    assert made == expected
    assert entries.entry_of(made, key) == entry
    assert repr(data) == before


@pytest.mark.parametrize("data", [None, "text", 1, [], {}, [None, "a", {"x": 1}]])
def test_no_entry(data: object) -> None:
    """None, whatever the file holds."""
    assert entries.entry_of(data, "a") is None


def test_the_oldest_is_forgotten() -> None:
    """Of more entries than are remembered; what was shown last is known."""
    known = seen.Seen()
    for number in range(5_000):
        known.remember("client", "path", str(number), seen.Shown("digest", "etag"))
    assert known.of("client", "path", "0") is None
    assert known.of("client", "path", "4999") == seen.Shown("digest", "etag")


def test_what_was_stored() -> None:
    """It is known again; what came since counts more. Each change is told."""
    known, again = seen.Seen(), seen.Seen()
    told: list[int] = []
    known.changed = lambda: told.append(1)
    known.remember("client", "path", "a", seen.Shown("old", "1"))
    known.remember("client", "path", "b", seen.Shown("old", None))
    assert len(told) == 2
    again.remember("client", "path", "a", seen.Shown("new", "2"))
    again.restore(json.loads(json.dumps(known.stored())))
    assert again.of("client", "path", "a") == seen.Shown("new", "2")
    assert again.of("client", "path", "b") == seen.Shown("old", None)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        (0, False, False),
        (None, "", False),
        ("1", 1, False),
        ([1, 2], [1, 2], True),
        ([1, 2], [2, 1], False),
        ([1], [True], False),
        ([1], [1, 1], False),
        ({"a": 1, "b": [2]}, {"b": [2], "a": 1}, True),
        ({"a": 1}, {"a": 1.0}, False),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ({1: "a"}, {"1": "a"}, False),
        (date(2024, 1, 2), date(2024, 1, 2), True),
        (date(2024, 1, 2), "2024-01-02", False),
        ({"a": {"b": []}}, {"a": {"b": {}}}, False),
    ],
)
def test_same(one: object, other: object, *, expected: bool) -> None:
    """Kind and value count, all the way down, and the order of lists; the digest says the same."""
    assert sameness.same(one, other) is expected
    assert sameness.same(other, one) is expected
    assert (sameness.digest_of(one) == sameness.digest_of(other)) is expected


def test_words_that_look_like_nothing() -> None:
    """Home Assistant's own dump takes ``: null`` out of texts as well; ours writes them as they are."""
    data = [{"m": "state: null\nb: 2\n", "n": "foo: null\nbar", "o": None, "p": [None, {"q": None}], None: "key"}]
    assert yaml_text.raw(yaml_text.dump(data)) == data
    assert b"  o:\n" in yaml_text.dump(data)


@pytest.mark.parametrize(
    ("data", "empty", "words"),
    [
        ([{"id": "a"}], [], None),
        ([], [], None),
        ({"a": 1}, {}, None),
        ({"id": "a"}, [], "to be a list"),
        ("text", [], "to be a list"),
        ([{"id": "a"}, None], [], "item 2"),
        (["text"], [], "item 1"),
        ([[{"id": "a"}]], [], "item 1"),
        ([], {}, "to be a mapping"),
    ],
)
def test_misshapen(data: object, empty: object, words: str | None) -> None:
    """What the editor cannot work with, and why."""
    found = entries.misshapen(data, empty)
    assert (found is None) if words is None else (words in found)


def test_an_address_is_quoted() -> None:
    """Names may hold what means something in a URL."""
    assert client.Address("config", "a b/c?#.yaml").at("files") == "/v1/files/config/a%20b/c%3F%23.yaml"
