"""confkeep.documents.splice in brackets: spaces behind commas and colons as the neighbours have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Operation

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue


@pytest.mark.parametrize(
    ("format_", "old", "pointer", "value", "new"),
    [
        (Format.JSON, '{"a":1}', "/b", {"x": [1, 2]}, '{"a":1,"b":{"x":[1,2]}}'),
        (Format.JSON, '{"a":[1,2],"c":{}}', "/a/0", 7, '{"a":[7,1,2],"c":{}}'),
        (Format.JSON, '{"a":[1,2],"c":{}}', "/a/-", [3, 4], '{"a":[1,2,[3,4]],"c":{}}'),
        (Format.JSON, '{"a": [1, 2], "c": {}}', "/a/-", {"x": 1}, '{"a": [1, 2, {"x": 1}], "c": {}}'),
        (Format.JSON, '{\n  "a": 1,\n  "b":2\n}\n', "/c", 3, '{\n  "a": 1,\n  "b":2,\n  "c": 3\n}\n'),
        (Format.YAML, "a: [1,2]\n", "/a/-", 3, "a: [1,2,3]\n"),
        (Format.YAML, "a: [1, 2]\n", "/a/-", 3, "a: [1, 2, 3]\n"),
        (Format.YAML, "a: {x,y}\n", "/a/z", 1, "a: {x,y,z: 1}\n"),
    ],
)
def test_spaces(format_: Format, old: str, pointer: str, value: JsonValue, new: str) -> None:
    """What comes is written as densely as what is there."""
    done = edit(old.encode(), (Operation("add", pointer, value),), format_, Dialect.GENERIC, seconds=5)
    assert done.decode() == new
