"""confkeep.documents.edit compared with RFC 6902 and RFC 7396 written down simply, on data in many formats."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Merge, Operation
from confkeep.errors import (
    BadPatch,
    InvalidDocument,
    NotRepresentable,
    PatchTestFailed,
    PointerNotFound,
)
from tests.support import rfc6902
from tests.support.corpus import own

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.patch import Op

DOCUMENTED = (PointerNotFound, PatchTestFailed, NotRepresentable, InvalidDocument, BadPatch, TimeoutError)
NAMES = st.sampled_from(["a", "b", "on", "1", "", "x y", "k/l", "m~n", "ü", "- d", "#"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=12),
    st.sampled_from(
        ["on", "17:30:00", "1_0", "=", "~", "2024-01-01", "a: b", " # c", "x\ny\n", "\n", " ", "'", '"', "<<"]
    ),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
STEPS = st.lists(NAMES | st.sampled_from(["0", "1", "2", "-"]), max_size=3)


@st.composite
def operations(draw: st.DrawFn, data: JsonValue) -> Operation:
    """One that has good chances to be possible in ``data``."""
    op: Op = draw(st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "set"]))
    value = draw(VALUES)
    path, source = draw(pointers(data)), draw(pointers(data))
    return Operation(op, path, value if op in {"add", "replace", "test", "set"} else None, source)


@st.composite
def pointers(draw: st.DrawFn, data: JsonValue) -> str:
    """Of something in ``data``, mostly."""
    pointer = ""
    while draw(st.integers(0, 3)):
        if isinstance(data, dict):
            step = draw(st.sampled_from([*data, draw(NAMES)]))
            data = data.get(step)
        elif isinstance(data, list):
            step = draw(st.sampled_from([*map(str, range(len(data) + 1)), "-"]))
            data = data[int(step)] if step != "-" and int(step) < len(data) else None
        else:
            break
        pointer += "/" + step.replace("~", "~0").replace("/", "~1")
    return pointer


def exact(one: object, other: object) -> bool:
    """Equal, and of one type throughout: what ``repr`` tells apart, whatever the order of members."""
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {name: _sorted(members[name]) for name in sorted(members)}
    return [_sorted(item) for item in cast("list[object]", value)] if isinstance(value, list) else value


def written(data: JsonValue, style: str) -> tuple[bytes, Format]:
    """``data`` as a document."""
    match style:
        case "json":
            return json.dumps(data).encode(), Format.JSON
        case "json indented":
            return json.dumps(data, indent="\t", ensure_ascii=False).encode(), Format.JSON
        case "block":
            return yaml.safe_dump(data, sort_keys=False, allow_unicode=True).encode(), Format.YAML
        case _:
            return yaml.safe_dump(data, sort_keys=False, default_flow_style=True, width=40).encode(), Format.YAML


def read(data: bytes, format_: Format) -> JsonValue:
    """What it is."""
    return cast("JsonValue", json.loads(data) if format_ is Format.JSON else yaml.safe_load(data))


@pytest.mark.parametrize("style", ["json", "json indented", "block", "flow"])
@settings(max_examples=250)
@given(draw=st.data())
def test_a_patch_does_what_the_model_does(style: str, draw: st.DataObject) -> None:
    """On what was read; where the model fails, so does the edit, and nothing else is refused."""
    data = draw.draw(VALUES)
    document, format_ = written(data, style)
    if not exact(read(document, format_), data):
        return  # PyYAML's own dump is not always what it says
    operation = draw.draw(operations(data))
    try:
        expected = rfc6902.patched(data, operation)
    except rfc6902.Failed:
        with pytest.raises((PointerNotFound, PatchTestFailed, BadPatch, NotRepresentable)):
            edit(document, (operation,), format_, Dialect.GENERIC, seconds=60)
        return
    try:
        made = edit(document, (operation,), format_, Dialect.HOME_ASSISTANT, seconds=60)
    except NotRepresentable:
        assert "\x85" in repr(data) or not json.dumps(data).isascii() or style != "json"
        return
    assert exact(read(made, format_), expected)
    if exact(data, expected) and operation.op in {"test", "set", "replace"}:
        assert made == document


@pytest.mark.parametrize("style", ["json", "json indented", "block", "flow"])
@settings(max_examples=150)
@given(data=VALUES, patch=VALUES)
def test_a_merge_patch_does_what_the_model_does(style: str, data: JsonValue, patch: JsonValue) -> None:
    """All members at once."""
    document, format_ = written(data, style)
    if not exact(read(document, format_), data):
        return
    made = edit(document, Merge(patch), format_, Dialect.GENERIC, seconds=60)
    assert exact(read(made, format_), rfc6902.merged(data, patch))


@settings(max_examples=150)
@given(data=st.dictionaries(NAMES, VALUES, max_size=4), draw=st.data())
def test_toml(data: dict[str, JsonValue], draw: st.DataObject) -> None:
    """What TOML can say, it says."""
    tomlkit = pytest.importorskip("tomlkit")
    try:
        document = tomlkit.dumps(data).encode()
        before = tomllib.loads(document.decode())
    except (TypeError, ValueError, AttributeError):
        return  # nulls, and what tomlkit cannot write itself
    operation = draw.draw(operations(before))
    try:
        expected = rfc6902.patched(before, operation)
    except rfc6902.Failed:
        with pytest.raises((PointerNotFound, PatchTestFailed, BadPatch, NotRepresentable)):
            edit(document, (operation,), Format.TOML, Dialect.GENERIC, seconds=60)
        return
    try:
        made = edit(document, (operation,), Format.TOML, Dialect.GENERIC, seconds=60)
    except NotRepresentable:
        return
    assert exact(tomllib.loads(made.decode()), expected)


SEEDS = [path.read_bytes() for path in own()] + [
    b'{"a": [1, {"b": null}], "c": "x"} // d\n',
    b'[t]\na = [1, 2]\n"b.c" = 1979-05-27\n',
]


@settings(max_examples=500)
@given(draw=st.data())
def test_hostile_bytes(draw: st.DataObject) -> None:
    """Only documented errors, in every format."""
    data = bytearray(draw.draw(st.sampled_from(SEEDS)))
    for _ in range(draw.draw(st.integers(0, 4))):
        at = draw.draw(st.integers(0, len(data)))
        length = draw.draw(st.integers(0, 6))
        data[at : at + length] = draw.draw(
            st.binary(max_size=3)
            | st.sampled_from([b"\t", b"[", b"}", b"&a ", b"*a", b"- ", b"# ", b"\r", b"'", b"|\n", b"? "])
        )
    steps = draw.draw(STEPS)
    pointer = "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)
    op: Op = draw.draw(st.sampled_from(["add", "remove", "set", "copy", "move"]))
    asked = draw.draw(st.just((Operation(op, pointer, draw.draw(VALUES), "/a"),)) | st.builds(Merge, VALUES))
    for format_ in Format:
        try:
            edit(bytes(data), asked, format_, Dialect.GENERIC, seconds=60)
        except DOCUMENTED:
            continue
