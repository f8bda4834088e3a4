from __future__ import annotations

from confkeep.documents.compare import MOST_DIFFERENCES, Difference, structural
from confkeep.documents.dialect import Dialect
from confkeep.documents.format import Format

_AUTOMATIONS = """
- id: '1'
  alias: Morning # early
  trigger: {platform: time, at: "17:30:00"}
- id: '2'
  alias: Evening
"""


def _differences(
    old: str, new: str, format_: Format = Format.YAML, dialect: Dialect = Dialect.HOME_ASSISTANT
) -> list[Difference] | None:
    return structural(old.encode(), new.encode(), format_, dialect, seconds=20)


def test_a_changed_item_is_its_changed_leaves() -> None:
    """An automation that was changed is told by the paths in it, whatever comes before it."""
    new = _AUTOMATIONS.replace("17:30:00", "18:00:00").replace("\n- id: '1'", "\n- id: '0'\n  alias: New\n- id: '1'")
    assert _differences(_AUTOMATIONS, new) == [
        Difference("added", "/0", None, {"id": "0", "alias": "New"}),
        Difference("changed", "/0/trigger/at", "17:30:00", "18:00:00"),
    ]


def test_a_removed_item_is_one_difference() -> None:
    """It has its path in the old document."""
    new = _AUTOMATIONS.partition("- id: '2'")[0]
    assert _differences(_AUTOMATIONS, new) == [Difference("removed", "/1", {"id": "2", "alias": "Evening"})]


def test_a_moved_item_is_removed_and_added() -> None:
    """Only the one that has to move."""
    new = "- c: 3\n- a: 1\n- b: 2\n"
    assert _differences("- a: 1\n- b: 2\n- c: 3\n", new) == [
        Difference("removed", "/2", {"c": 3}),
        Difference("added", "/0", None, {"c": 3}),
    ]


def test_what_readers_do_not_see_is_no_difference() -> None:
    """Comments, quotes, order of a mapping, and values that the dialect's readers take for the same."""
    assert _differences("a: 17:30:00\nb: on # one\n", "b: true\na: 63000\n") == []


def test_what_one_reader_sees_is_a_difference() -> None:
    """A generic document may be read by YAML 1.2, for which 17:30:00 is text."""
    found = _differences("a: 17:30:00\n", "a: 63000\n", dialect=Dialect.GENERIC)
    assert found == [Difference("changed", "/a", "17:30:00", 63000)]


def test_what_an_alias_or_a_merge_key_brings_is_compared() -> None:
    """All places that come to read differently are named."""
    text = "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: *a\n"
    found = _differences(text, text.replace("x: 1", "x: 2")) or []
    assert [one.path for one in found] == ["/a/x", "/b/x", "/c/x"]


def test_documents_are_the_first_step() -> None:
    """Where a file has several, as in an edit's pointers."""
    assert _differences("a: 1\n---\nb: 1\n", "a: 1\n---\nb: 2\n") == [Difference("changed", "/1/b", 1, 2)]
    assert _differences("a: 1\n", "a: 1\n---\nb: 2\n") == [Difference("added", "/1", None, {"b": 2})]


def test_another_kind_is_a_change() -> None:
    """A mapping that became a list; a tag that came."""
    assert _differences("a: {b: 1}\n", "a: [1]\n") == [Difference("changed", "/a", {"b": 1}, [1])]
    assert _differences("a: x\n", "a: !secret x\n") == [Difference("changed", "/a", "x", "!secret x")]


def test_pointers_are_escaped() -> None:
    """RFC 6901, section 3."""
    assert _differences("a/b~c: 1\n", "a/b~c: 2\n") == [Difference("changed", "/a~1b~0c", 1, 2)]


def test_json() -> None:
    """JSON is compared as its readers have it."""
    found = _differences('{"a": [1, 2.0]}', '{"a": [1, 2, 3]}', Format.JSON)
    assert found == [Difference("added", "/a/2", None, 3)]


def test_without_structure_there_is_none() -> None:
    """What does not parse, and formats without nodes."""
    assert _differences("a: [\n", "a: 1\n") is None
    assert _differences("a = 1\n", "a = 2\n", Format.INI) is None
    assert structural(b"\xff", b"a: 1\n", Format.YAML, Dialect.GENERIC, seconds=20) is None


def test_many_differences_are_one() -> None:
    """Beyond the bound nobody reads them: the documents differ."""
    old, new = ("".join(f"k{n}: {value}\n" for n in range(MOST_DIFFERENCES + 1)) for value in (1, 2))
    found = _differences(old, new) or []
    assert [(one.kind, one.path) for one in found] == [("changed", "")]


def test_aliases_of_aliases_end() -> None:
    """A text that would be billions of nodes is compared within the bounds."""
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 40))]
    text = "\n".join(lines) + "\n"
    found = _differences(text, text.replace("[x, x]", "[x, y]")) or []
    assert [(one.kind, one.path) for one in found] == [("changed", "")]
