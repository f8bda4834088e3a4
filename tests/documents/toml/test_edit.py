"""confkeep.documents.toml.edit: TOML changed by path, through confkeep.documents.edit."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Merge, Operation
from confkeep.errors import InvalidDocument, NotRepresentable, PatchTestFailed, PointerNotFound

if TYPE_CHECKING:
    from confkeep.documents.patch import Operations

TEXT = """# head
title = "x"  # the title

[owner]   # who
name = 'Tom'
born = 1979-05-27T07:32:00Z
a.b.c = 1  # dotted

[servers.alpha]
ports = [ 8001, 8002, # two
  8003,
]
point = { x = 1, y = 2 } # inline

# products
[[products]]
name = "Hammer"  # first

[[products]]
name = "Nail"
# end
"""


def edited(text: str, *operations: Operation) -> str:
    """``text`` with ``operations``."""
    asked: Operations = operations
    return edit(text.encode(), asked, Format.TOML, Dialect.GENERIC, seconds=60).decode()


@pytest.mark.parametrize(
    ("operation", "old", "new"),
    [
        (Operation("set", "/title", "y"), 'title = "x"  # the title', 'title = "y"  # the title'),
        (Operation("set", "/owner/born", "1979-05-27"), "born = 1979-05-27T07:32:00Z", 'born = "1979-05-27"'),
        (Operation("replace", "/owner/a/b/c", 2.5), "a.b.c = 1  # dotted", "a.b.c = 2.5  # dotted"),
        (Operation("add", "/owner/new", value=True), "# dotted\n", "# dotted\nnew = true\n"),
        (Operation("set", "/servers/alpha/ports/1", 5), "8002, # two", "5, # two"),
        (Operation("add", "/servers/alpha/ports/1", 5), " 8002, # two", " 5, 8002, # two"),
        (Operation("remove", "/servers/alpha/ports/2"), "  8003,\n", ""),
        (Operation("set", "/servers/alpha/point/y", 3), "y = 2 }", "y = 3 }"),
        (Operation("remove", "/products/1/name"), '[[products]]\nname = "Nail"\n', "[[products]]\n"),
        (Operation("set", "/products/0/name", "Saw"), '"Hammer"  # first', '"Saw"  # first'),
    ],
)
def test_every_other_byte_stays(operation: Operation, old: str, new: str) -> None:
    """Comments, spaces, quotes; with LF and with CRLF."""
    assert old in TEXT
    expected = TEXT.replace(old, new)
    assert edited(TEXT, operation) == expected
    assert edited(TEXT.replace("\n", "\r\n"), operation) == expected.replace("\n", "\r\n")


def test_new_tables() -> None:
    """Read as asked, at their place."""
    made = edited(
        TEXT,
        Operation("add", "/products/-", {"name": "Saw", "sizes": [1, 2]}),
        Operation("set", "/servers/beta", {"ip": "10.0.0.2"}),
        Operation("copy", "/owner/again", source="/servers/alpha/point"),
        Operation("move", "/moved", source="/owner/name"),
    )
    data = tomllib.loads(made)
    assert data["products"][2] == {"name": "Saw", "sizes": [1, 2]}
    assert data["servers"]["beta"] == {"ip": "10.0.0.2"}
    assert data["owner"]["again"] == {"x": 1, "y": 2}
    assert data["moved"] == "Tom"
    assert "name" not in data["owner"]
    assert set(TEXT.splitlines()) - set(made.splitlines()) == {"name = 'Tom'"}


def test_merge_patch() -> None:
    """Members replace, null removes."""
    patch = Merge({"title": None, "owner": {"name": "B", "x": {"y": 1}}, "none": None})
    made = edit(TEXT.encode(), patch, Format.TOML, Dialect.GENERIC, seconds=60).decode()
    data = tomllib.loads(made)
    assert "title" not in data
    assert (data["owner"]["name"], data["owner"]["x"]) == ("B", {"y": 1})


@pytest.mark.parametrize(
    "operation",
    [
        Operation("test", "/owner/a/b/c", 1.0),
        Operation("set", "/title", "x"),
        Operation("set", "/servers/alpha/ports", [8001, 8002, 8003]),
        Operation("move", "/title", source="/title"),
    ],
)
def test_what_is_there_already(operation: Operation) -> None:
    """The same bytes, mixed line ends included."""
    text = TEXT.replace("\n", "\r\n", 3)
    assert edited(text, operation) == text


@pytest.mark.parametrize(
    ("operation", "error"),
    [
        (Operation("set", "/title", None), NotRepresentable),
        (Operation("set", "/x", [1, {"a": None}]), NotRepresentable),
        (Operation("set", "", [1]), NotRepresentable),
        (Operation("remove", ""), NotRepresentable),
        (Operation("set", "/big", 2**70), NotRepresentable),
        (Operation("test", "/owner/born", "1979-05-27T07:32:00Z"), PatchTestFailed),
        (Operation("test", "/title", None), PatchTestFailed),
        (Operation("remove", "/products/2"), PointerNotFound),
        (Operation("set", "/title/x", 1), PointerNotFound),
    ],
)
def test_refusals(operation: Operation, error: type[Exception]) -> None:
    """TOML has no null, a root that is a table, integers of 64 bits, and dates that are no strings."""
    with pytest.raises(error):
        edited(TEXT, operation)


@pytest.mark.parametrize("text", ["a = ", "a = 1\na = 2", "a = " + "[" * 5_000, ".".join("a" * 5_000) + " = 1", "\x00"])
def test_what_is_no_toml(text: str) -> None:
    """Nor what nests so deep that readers do not follow."""
    with pytest.raises((InvalidDocument, NotRepresentable)):
        edited(text, Operation("set", "/b", {"c": 1}))


def test_a_document_too_large() -> None:
    """Refused, for it would take seconds."""
    with pytest.raises(NotRepresentable, match="characters"):
        edited("a = 1\n" + "# x\n" * 100_000, Operation("set", "/a", 2))
