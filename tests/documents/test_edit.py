"""confkeep.documents.edit: YAML and JSON changed by path, every other byte kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Merge, Operation
from confkeep.errors import (
    BadPatch,
    ConfkeepError,
    InvalidDocument,
    NotRepresentable,
    PatchTestFailed,
    PointerNotFound,
)

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue


def edited(text: str, *operations: Operation, format_: Format = Format.YAML, dialect: Dialect = Dialect.GENERIC) -> str:
    """``text`` with ``operations``."""
    return edit(text.encode(), operations, format_, dialect, seconds=60).decode()


def merged(text: str, patch: JsonValue) -> str:
    """``text`` with a merge patch."""
    return edit(text.encode(), Merge(patch), Format.YAML, Dialect.GENERIC, seconds=60).decode()


HOUSE = """# House
hall:  # downstairs
  light: "on"   # always
  # about heat
  heat: 21

# upstairs
bed:
- {id: a, alias: 'One'}   # first
- id: b
  alias: Two
"""


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        (Operation("set", "/hall/light", "off"), '"on"', '"off"'),
        (Operation("replace", "/hall/heat", 19.5), "heat: 21", "heat: 19.5"),
        (Operation("add", "/hall/fan", None), "heat: 21\n", "heat: 21\n  fan: null\n"),
        (Operation("set", "/hall/fan", "17:30:00"), "heat: 21\n", 'heat: 21\n  fan: "17:30:00"\n'),
        (Operation("remove", "/hall/heat"), "  # about heat\n  heat: 21\n", ""),
        (Operation("remove", "/bed/0"), "- {id: a, alias: 'One'}   # first\n", ""),
        (Operation("set", "/bed/0/alias", "No"), "'One'", "'No'"),
        (Operation("add", "/bed/0/z", 1), "'One'}", "'One', z: 1}"),
        (Operation("add", "/bed/-", {"id": "c"}), "alias: Two\n", "alias: Two\n- id: c\n"),
        (Operation("add", "/bed/1", 5), "- id: b\n", "- 5\n- id: b\n"),
        (Operation("set", "/bed/2", 5), "alias: Two\n", "alias: Two\n- 5\n"),
        (Operation("set", "/bed/1", 5), "- id: b\n  alias: Two\n", "- 5\n"),
        (Operation("set", "/x", {"u": ["z"]}), "alias: Two\n", "alias: Two\n\nx:\n  u:\n  - z\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_other_byte_stays(operation: Operation, old: str, new: str, newline: str) -> None:
    """Comments, quotes, blank lines, line ends; the comments of what is removed go with it."""
    assert old in HOUSE
    expected = HOUSE.replace(old, new)
    assert edited(HOUSE.replace("\n", newline), operation) == expected.replace("\n", newline)


@pytest.mark.parametrize(
    "operation",
    [
        Operation("set", "/hall/light", "on"),
        Operation("replace", "/bed/0", {"alias": "One", "id": "a"}),
        Operation("move", "/bed", source="/bed"),
        Operation("copy", "/bed", source="/bed"),
        Operation("test", "/hall/heat", 21.0),
        Operation(
            "set",
            "",
            {"hall": {"light": "on", "heat": 21}, "bed": [{"id": "a", "alias": "One"}, {"id": "b", "alias": "Two"}]},
        ),
    ],
)
def test_what_is_there_already(operation: Operation) -> None:
    """The same bytes; a byte order mark and UTF-16 are no obstacle."""
    for data in (
        HOUSE.encode(),
        HOUSE.encode("utf-8-sig"),
        HOUSE.encode("utf-16"),
        HOUSE.replace("\n", "\r\n").encode(),
    ):
        assert edit(data, (operation,), Format.YAML, Dialect.GENERIC, seconds=60) == data


def test_encodings_stay() -> None:
    """As the byte order mark says."""
    for codec in ("utf-8-sig", "utf-16"):
        made = edit("ä: 1\n".encode(codec), (Operation("set", "/ä", "ö"),), Format.YAML, Dialect.GENERIC, seconds=60)
        assert made == "ä: ö\n".encode(codec)


def test_moving_takes_comments_along() -> None:
    """Those on its lines, in it and above it."""
    text = "# head\n\n# about a\n- a: 1  # one\n  # in a\n  b: 2\n# about c\n- c: 3\n"
    assert (
        edited(text, Operation("move", "/1", source="/0"))
        == "# head\n\n# about c\n- c: 3\n# about a\n- a: 1  # one\n  # in a\n  b: 2\n"
    )


@pytest.mark.parametrize(
    ("text", "operation", "expected"),
    [
        ("# c\n[]\n", Operation("add", "/-", 1), "# c\n- 1\n"),
        ("a: []\n", Operation("add", "/a/0", "x"), "a:\n  - x\n"),
        ("a: 1\n---\nb: 2\n", Operation("set", "/1/b", 3), "a: 1\n---\nb: 3\n"),
        ("a: !secret x  # c\n", Operation("set", "/a", "z"), "a: z  # c\n"),
        ("1: a\non: b\nnull: c\n", Operation("set", "/on", 2), "1: a\non: 2\nnull: c\n"),
        ("a/b: 1\nm~n: 2\n", Operation("remove", "/a~1b"), "m~n: 2\n"),
        ("a: {b: {c: 1}}\n", Operation("move", "/a", source="/a/b"), "a: {c: 1}\n"),
        ("- 1\n- 2\n- 3\n", Operation("move", "/2", source="/0"), "- 2\n- 3\n- 1\n"),
        ("- 1\n- 2\n- 3\n", Operation("move", "/0", source="/2"), "- 3\n- 1\n- 2\n"),
        ("a: 1\nb: [x]\n", Operation("move", "/b/0", source="/a"), "b: [1, x]\n"),
        ("a: !include x\n", Operation("copy", "/b", source="/a"), "a: !include x\nb: !include x\n"),
        ("", Operation("set", "", {"a": 1}), "a: 1\n"),
    ],
)
def test_small_documents(text: str, operation: Operation, expected: str) -> None:
    """Empty collections, several documents, tags, keys that are no strings, moves."""
    assert edited(text, operation) == expected


ANCHORS = "x: &x\n  k: 1\n  l: [2]\na: *x\nb:\n  <<: *x\n  m: 3\n"


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (Operation("set", "/a/k", 5), "a:\n  k: 5\n  l: [2]\n"),
        (Operation("add", "/a/l/-", 5), "a:\n  k: 1\n  l: [2, 5]\n"),
        (Operation("replace", "/a", 5), "a: 5\n"),
        (Operation("remove", "/a"), ""),
    ],
)
def test_through_an_alias(operation: Operation, expected: str) -> None:
    """It becomes a copy of what it stood for: other users of the anchor see nothing of it."""
    assert edited(ANCHORS, operation) == ANCHORS.replace("a: *x\n", expected)


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        (Operation("set", "/b/k", 5), "  k: 5\n"),
        (Operation("add", "/b/k", 5), "  k: 5\n"),
        (Operation("set", "/b/k", 1), "  k: 1\n"),
        (Operation("add", "/b/l/0", 5), "  l: [5, 2]\n"),
    ],
)
def test_through_a_merge_key(operation: Operation, more: str) -> None:
    """What is merged is overridden."""
    assert edited(ANCHORS, operation) == ANCHORS + more


def test_what_is_merged_is_seen() -> None:
    """By test, and by copy."""
    assert (
        edited(ANCHORS, Operation("test", "/b", {"k": 1, "l": [2], "m": 3}), Operation("test", "/b/l/0", 2)) == ANCHORS
    )
    assert edited(ANCHORS, Operation("copy", "/c", source="/b/l")) == ANCHORS + "c: [2]\n"


@pytest.mark.parametrize("path", ["/x", "/x/k", "/x/l/0"])
@pytest.mark.parametrize("op", ["set", "remove"])
def test_an_anchor_that_is_used(path: str, op: str) -> None:
    """Is not touched: the message names the lines of those who use it."""
    with pytest.raises(NotRepresentable, match=r"&x in line 1 is used in lines 4, 6"):
        edited(ANCHORS, Operation("set", path, 9) if op == "set" else Operation("remove", path))


def test_an_anchor_that_nobody_uses() -> None:
    """Is no obstacle, nor is one whose users go with it."""
    assert edited("a: &x 1\nb: {c: &y 1, d: *y}\n", Operation("remove", "/b"), Operation("set", "/a", 2)) == "a: &x 2\n"


@pytest.mark.parametrize(
    ("text", "operation", "error", "words"),
    [
        ("a: 1\na: 2\n", Operation("set", "/a", 3), NotRepresentable, "2 times, in lines 1, 2"),
        (
            "a: !include b.yaml\n",
            Operation("set", "/a/b", 3),
            PointerNotFound,
            "!include, which is read from elsewhere",
        ),
        (ANCHORS, Operation("remove", "/b/k"), PointerNotFound, "merge key"),
        (ANCHORS, Operation("replace", "/b/l/0", 1), PointerNotFound, "merge key"),
        ("a: 1\n---\nb: 2\n", Operation("set", "/a", 3), PointerNotFound, "the number of none"),
        ("a: 1\n---\nb: 2\n", Operation("set", "", 3), NotRepresentable, "2 documents"),
        ("a: 1\n---\nb: 2\n", Operation("remove", "/1"), NotRepresentable, "whole document"),
        ("a: 1\n", Operation("remove", ""), NotRepresentable, "whole document"),
        ("a: 1\n", Operation("remove", "/b"), PointerNotFound, "no such key"),
        ("a: 1\n", Operation("set", "/a/b", 1), PointerNotFound, "neither a mapping nor a sequence"),
        ("a: [1]\n", Operation("set", "/a/2", 1), PointerNotFound, "has 1 items"),
        ("# c\n", Operation("set", "/a/b", 1), PointerNotFound, "no document yet"),
        ("a: on\n", Operation("test", "/a", value=True), PatchTestFailed, "another value"),  # to readers of YAML 1.2
        ("a: !secret b\n", Operation("test", "/a", "b"), PatchTestFailed, "tagged !secret"),
        ("a: [\n", Operation("set", "/a", 1), InvalidDocument, "not valid YAML"),
        ("a: &a [*a]\n", Operation("set", "/a", 1), InvalidDocument, "alias"),
        ("a: 1\n", Operation("set", "/a", "\ud800"), NotRepresentable, "surrogate"),
        ("a: 1\n", Operation("move", "/a/b", source="/a"), BadPatch, "into itself"),
        ("a: 1\n", Operation("set", "a", 1), BadPatch, "not a JSON Pointer"),
    ],
)
def test_refusals(text: str, operation: Operation, error: type[ConfkeepError], words: str) -> None:
    """Each with a reason and a remedy."""
    with pytest.raises(error, match=words) as caught:
        edited(text, operation)
    assert caught.value.remedy


def test_as_the_dialect_reads() -> None:
    """Home Assistant reads on as true, and the time of day as a number."""
    text = "a: on\nb: 17:30:00\nc: 2024-01-01\n"
    asked = (Operation("test", "/a", value=True), Operation("test", "/b", 63000), Operation("set", "/a", value=True))
    assert edited(text, *asked, dialect=Dialect.HOME_ASSISTANT) == text
    assert edited(text, Operation("set", "/a", value=True)) == text.replace("on", "true")


def test_all_or_none() -> None:
    """An operation that fails leaves nothing of those before it."""
    with pytest.raises(PatchTestFailed):
        edited(HOUSE, Operation("remove", "/bed"), Operation("test", "/hall/heat", 5))


def test_merge_patches() -> None:
    """All members at once; what is merged in the document is overridden, aliases are written out."""
    assert merged(HOUSE, {"hall": {"heat": None, "light": "off"}, "bed": [1]}) == (
        '# House\nhall:  # downstairs\n  light: "off"   # always\n\n# upstairs\nbed:\n- 1\n'
    )
    assert merged(ANCHORS, {"a": {"k": 2}, "b": {"k": 2, "l": [2]}}) == (
        "x: &x\n  k: 1\n  l: [2]\na:\n  k: 2\n  l: [2]\nb:\n  <<: *x\n  m: 3\n  k: 2\n"
    )
    assert merged(ANCHORS, {"a": {"k": 1}, "none": None}) == ANCHORS
    assert merged("a: 1\n---\nb: 2\n", {"1": {"b": None, "c": {"d": None}}}) == "a: 1\n---\nc: {}\n"
    assert merged("", {"a": None, "b": 1}) == "b: 1\n"
    with pytest.raises(NotRepresentable, match="merge key"):
        merged(ANCHORS, {"b": {"k": None}})


@pytest.mark.parametrize("format_", [Format.INI, Format.ENV, Format.TEXT])
def test_formats_that_have_no_paths(format_: Format) -> None:
    """Are put as a whole."""
    with pytest.raises(NotRepresentable, match=format_.value) as caught:
        edited("a=1\n", Operation("set", "/a", 1), format_=format_)
    assert "whole file" in caught.value.remedy


def test_json_with_comments() -> None:
    """Indentation, trailing commas and comments of JSONC stay."""
    text = '{\n\t// one\n\t"a": 1,\n\t"b": [1, 2], /* two */\n}\n'
    made = edited(
        text,
        Operation("set", "/a", "x"),
        Operation("add", "/b/-", 3),
        Operation("set", "/c", None),
        format_=Format.JSONC,
    )
    assert made == '{\n\t// one\n\t"a": "x",\n\t"b": [1, 2, 3], /* two */\n\t"c": null,\n}\n'


def test_values_too_deep() -> None:
    """Are no patch, however they came."""
    value: list[JsonValue] = []
    for _ in range(300):
        value = [value]
    with pytest.raises(BadPatch, match="deep"):
        edited("a: 1\n", Operation("set", "/a", value))


def test_billion_laughs() -> None:
    """Neither a test nor a copy follows aliases without end."""
    text = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 60))
    with pytest.raises(PatchTestFailed):
        edited(text, Operation("test", "/a59", [[1], [1]]))
    with pytest.raises(ConfkeepError):
        edited(text, Operation("set", "/a58/0/0", 1))
    merges = "m0: &m0 {k: 1}\n" + "".join(
        f"m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 9)}]}}\n" for n in range(1, 60)
    )
    assert edited(merges, Operation("test", "/m59", {"k": 1})) == merges


def test_a_deadline() -> None:
    """Is looked at between the steps."""
    with pytest.raises(TimeoutError):
        edit(b"a: 1\n", (Operation("set", "/a", 2),), Format.YAML, Dialect.GENERIC, seconds=-1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "a: 1\n"),
        ("# only\r\n", "# only\r\na: 1\r\n"),
        ("---\n", "---\na: 1\n"),
        ("--- # c\n...\n", "--- # c\na: 1\n...\n"),
    ],
)
def test_first_key(old: str, new: str) -> None:
    """A document that holds nothing yet is an empty mapping to who sets a key."""
    assert edited(old, Operation("set", "/a", 1)) == new


def test_no_first_item() -> None:
    """It is no list: an index of nothing is not found."""
    for step in ("-", "0"):
        with pytest.raises(PointerNotFound):
            edited("# c\n", Operation("add", f"/{step}", 1))


@pytest.mark.parametrize("text", ["a: 1\n", '{"a": 1}', "a = 1\n"])
def test_growth(text: str) -> None:
    """A document that is copied into itself again and again is refused before it fills the memory."""
    format_ = {"a:": Format.YAML, '{"': Format.JSON, "a ": Format.TOML}[text[:2]]
    copies = [Operation("copy", f"/k{number}", source="") for number in range(40)]
    with pytest.raises(NotRepresentable, match="would grow"):
        edited(text, *copies, format_=format_)


@pytest.mark.parametrize(
    ("old", "source", "target", "new"),
    [
        ("# b\nb: 1 # c\nd: 2\n", "/b", "/on", '# b\n"on": 1 # c\nd: 2\n'),
        ("x: &x {a: 1}\nb:\n  <<: *x # c\nd: 2\n", "/b", "/e", "x: &x {a: 1}\ne:\n  <<: *x # c\nd: 2\n"),
        ('{"a":1,"b":2}', "/a", "/q", '{"q":1,"b":2}'),
    ],
)
def test_rename(old: str, source: str, target: str, new: str) -> None:
    """A move within one mapping changes the key, and nothing else."""
    assert edited(old, Operation("move", target, source=source)) == new


@pytest.mark.parametrize("mark", ["", "---\n"])
def test_head(mark: str) -> None:
    """The comment that begins a document stays there, whatever becomes of the first entry."""
    text = mark + "# head\n- a: 1\n- b: 2\n"
    assert edited(text, Operation("remove", "/0")) == mark + "# head\n- b: 2\n"
    assert edited(text, Operation("move", "/1", source="/0")) == mark + "# head\n- b: 2\n- a: 1\n"
    assert edited(text, Operation("add", "/0", "x")) == mark + "# head\n- x\n- a: 1\n- b: 2\n"


def test_neighbours() -> None:
    """A new item stands as far behind its dash as the others, and with a blank line where they have one."""
    wide = "-   a: 1\n    b: 2\n"
    assert edited(wide, Operation("add", "/1", {"c": [1]})) == wide + "-   c:\n      -   1\n"
    assert edited("- a: 1\n\n- b: 2\n", Operation("add", "/0", "x")) == "- x\n\n- a: 1\n\n- b: 2\n"


def test_many_duplicates() -> None:
    """The first lines of a key that stands very often are named."""
    with pytest.raises(NotRepresentable, match=r"the document has the key 'a' 99 times, in lines 1, .*, 10, …$"):
        edited("a: 1\n" * 99, Operation("set", "/a", 1))
