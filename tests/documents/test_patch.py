"""confkeep.documents.patch: what is a JSON Patch or a merge patch, and what is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confkeep.documents.patch import MAX_OPERATIONS, Merge, Operation, json_patch, merge_patch
from confkeep.errors import BadPatch


def test_all_operations() -> None:
    """The six of RFC 6902, and set; members that it does not define are ignored (A.11)."""
    body = json.dumps(
        [
            {"op": "add", "path": "/a", "value": 1, "xyz": 2},
            {"op": "remove", "path": "/a", "value": 5},
            {"op": "replace", "path": "", "value": None},
            {"op": "move", "from": "/a", "path": "/b"},
            {"op": "copy", "from": "", "path": "/b"},
            {"op": "test", "path": "/a~1b", "value": [1.5, {"x": True}]},
            {"op": "set", "path": "/a", "value": "ü"},
        ]
    ).encode()
    assert json_patch(body) == (
        Operation("add", "/a", 1),
        Operation("remove", "/a"),
        Operation("replace", "", None),
        Operation("move", "/b", source="/a"),
        Operation("copy", "/b", source=""),
        Operation("test", "/a~1b", [1.5, {"x": True}]),
        Operation("set", "/a", "ü"),
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "JSON"),
        (b"{}", "array"),
        (b"[1]", "operation 0 is not an object"),
        (b'[{"path": "/a"}]', "operation 0 is missing"),
        (b'[{"op": "test", "path": "", "value": 1}, {"op": "spam", "path": "/a"}]', "operation 1 has the unknown op"),
        (b'[{"op": ["add"], "path": "/a"}]', "not a string"),
        (b'[{"op": "add", "value": 1}]', '"path" of operation 0'),
        (b'[{"op": "add", "path": "a", "value": 1}]', "not a JSON Pointer"),
        (b'[{"op": "add", "path": "/a"}]', "no value"),
        (b'[{"op": "move", "path": "/a"}]', '"from" of operation 0'),
        (b'[{"op": "move", "path": "/a/b", "from": "/a"}]', "into itself"),
        (b'[{"op": "add", "path": "/baz", "value": "qux", "op": "remove"}]', "twice"),  # A.13
        (b'[{"op": "add", "path": "", "value": NaN}]', "NaN"),
        (b'[{"op": "add", "path": "", "value": -Infinity}]', "Infinity"),
        (b'[{"op": "add", "path": "", "value": 1e999}]', "larger"),
        (b'[{"op": "add", "path": "", "value": ' + b"9" * 5_000 + b"}]", "digits"),
        (b'[{"op": "add", "path": "", "value": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", "deep"),
        (b"\xff", "JSON"),
        (b"\xef\xbb\xbf[]", "JSON"),
        (json.dumps([{"op": "remove", "path": "/a"}] * (MAX_OPERATIONS + 1)).encode(), "at most 1,000"),
    ],
)
def test_what_is_no_patch(body: bytes, words: str) -> None:
    """The reason names the operation; there is a remedy."""
    with pytest.raises(BadPatch, match=words) as caught:
        json_patch(body)
    assert caught.value.remedy


def test_merge_patches() -> None:
    """Any JSON is one."""
    assert merge_patch(b'{"a": {"b": null}, "c": [1, 1.10]}') == Merge({"a": {"b": None}, "c": [1, 1.1]})
    assert merge_patch(b"null") == Merge(None)


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}', b'{"a": NaN}', b"[" * 10_000]
)
def test_what_is_no_merge_patch(body: bytes) -> None:
    """Names that stand twice are understood differently by each reader."""
    with pytest.raises(BadPatch):
        merge_patch(body)


def test_brackets_in_strings_are_not_nesting() -> None:
    """However many."""
    text = '\\"[{' * 1_000
    assert merge_patch(json.dumps({"a": text}).encode()) == Merge({"a": text})


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """A patch, or BadPatch: nothing else."""
    for read in (json_patch, merge_patch):
        try:
            read(body)
        except BadPatch:
            continue
