"""confkeep.documents.edit: the examples of RFC 6902 and RFC 7396, in JSON and in YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Merge, json_patch
from confkeep.errors import ConfkeepError, PatchTestFailed, PointerNotFound
from tests.support.events import spells, trees

if TYPE_CHECKING:
    from confkeep.documents.patch import Operations

#: Appendix A of RFC 6902: document, patch, result.
PATCHES = [
    ('{ "foo": "bar"}', '[{ "op": "add", "path": "/baz", "value": "qux" }]', '{"foo": "bar", "baz": "qux"}'),
    (
        '{ "foo": [ "bar", "baz" ] }',
        '[{ "op": "add", "path": "/foo/1", "value": "qux" }]',
        '{"foo": ["bar", "qux", "baz"]}',
    ),
    ('{ "baz": "qux", "foo": "bar" }', '[{ "op": "remove", "path": "/baz" }]', '{"foo": "bar"}'),
    ('{ "foo": [ "bar", "qux", "baz" ] }', '[{ "op": "remove", "path": "/foo/1" }]', '{"foo": ["bar", "baz"]}'),
    (
        '{ "baz": "qux", "foo": "bar" }',
        '[{ "op": "replace", "path": "/baz", "value": "boo" }]',
        '{"baz": "boo", "foo": "bar"}',
    ),
    (
        '{ "foo": { "bar": "baz", "waldo": "fred" }, "qux": { "corge": "grault" } }',
        '[{ "op": "move", "from": "/foo/waldo", "path": "/qux/thud" }]',
        '{"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}',
    ),
    (
        '{ "foo": [ "all", "grass", "cows", "eat" ] }',
        '[{ "op": "move", "from": "/foo/1", "path": "/foo/3" }]',
        '{"foo": ["all", "cows", "eat", "grass"]}',
    ),
    (
        '{ "baz": "qux", "foo": [ "a", 2, "c" ] }',
        '[{ "op": "test", "path": "/baz", "value": "qux" }, { "op": "test", "path": "/foo/1", "value": 2 }]',
        '{"baz": "qux", "foo": ["a", 2, "c"]}',
    ),
    (
        '{ "foo": "bar" }',
        '[{ "op": "add", "path": "/child", "value": { "grandchild": { } } }]',
        '{"foo": "bar", "child": {"grandchild": {}}}',
    ),
    (
        '{ "foo": "bar" }',
        '[{ "op": "add", "path": "/baz", "value": "qux", "xyz": 123 }]',
        '{"foo": "bar", "baz": "qux"}',
    ),
    ('{ "/": 9, "~1": 10 }', '[{"op": "test", "path": "/~01", "value": 10}]', '{"/": 9, "~1": 10}'),
    (
        '{ "foo": ["bar"] }',
        '[{ "op": "add", "path": "/foo/-", "value": ["abc", "def"] }]',
        '{"foo": ["bar", ["abc", "def"]]}',
    ),
]
FAILURES = [
    ('{ "baz": "qux" }', '[{ "op": "test", "path": "/baz", "value": "bar" }]', PatchTestFailed),
    ('{ "foo": "bar" }', '[{ "op": "add", "path": "/baz/bat", "value": "qux" }]', PointerNotFound),
    ('{ "/": 9, "~1": 10 }', '[{"op": "test", "path": "/~01", "value": "10"}]', PatchTestFailed),
    ('{ "foo": [1] }', '[{"op": "add", "path": "/foo/2", "value": 1}]', PointerNotFound),
    ('{ "foo": [1] }', '[{"op": "add", "path": "/foo/00", "value": 1}]', PointerNotFound),
    ('{ "foo": [1] }', '[{"op": "remove", "path": "/foo/-"}]', PointerNotFound),
    ('{ "foo": [1] }', '[{"op": "replace", "path": "/bar", "value": 1}]', PointerNotFound),
    ('{ "foo": [1] }', '[{"op": "copy", "from": "/bar", "path": "/foo"}]', PointerNotFound),
    ('{ "foo": 1 }', '[{"op": "remove", "path": "/foo"}, {"op": "test", "path": "/foo", "value": 1}]', PointerNotFound),
]
#: Appendix A of RFC 7396: original, patch, result.
MERGES = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]
BLOCK = {
    '{ "foo": [ "bar", "baz" ] }': "# c\nfoo:\n- bar\n- baz\n",
    '{ "foo": [ "all", "grass", "cows", "eat" ] }': "foo:  # c\n  - all\n  - grass\n  - cows\n  - eat",
    '{"a":{"b":"c"}}': "a:\r\n    b: c # d\r\n",
}


def read(data: bytes, format_: Format, expected: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether ``data`` is ``expected``."""
    if format_ is Format.YAML:
        return spells(trees(data.decode())[0], expected)
    return bool(json.loads(data) == expected) or format_ is Format.JSONC


@pytest.mark.parametrize("format_", [Format.YAML, Format.JSON, Format.JSONC])
@pytest.mark.parametrize(("document", "patch", "result"), PATCHES)
def test_examples_of_rfc_6902(document: str, patch: str, result: str, format_: Format) -> None:
    """Appendix A, in flow style and in YAML's block style."""
    expected = json.loads(result)
    texts = [document, BLOCK.get(document, document)] if format_ is Format.YAML else [document]
    for text in texts:
        made = edit(text.encode(), json_patch(patch.encode()), format_, Dialect.GENERIC, seconds=60)
        assert read(made, format_, expected)


@pytest.mark.parametrize("format_", [Format.YAML, Format.JSON, Format.TOML])
@pytest.mark.parametrize(("document", "patch", "error"), FAILURES)
def test_failures_of_rfc_6902(document: str, patch: str, error: type[ConfkeepError], format_: Format) -> None:
    """Appendix A and section 4: the error says which, and what to do."""
    text = "\n".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in json.loads(document).items())
    data = (text if format_ is Format.TOML else document).encode()
    with pytest.raises(error) as caught:
        edit(data, json_patch(patch.encode()), format_, Dialect.GENERIC, seconds=60)
    assert caught.value.remedy


@pytest.mark.parametrize("format_", [Format.YAML, Format.JSON])
@pytest.mark.parametrize(("document", "patch", "result"), MERGES)
def test_examples_of_rfc_7396(document: str, patch: str, result: str, format_: Format) -> None:
    """Appendix A."""
    asked: Operations = Merge(json.loads(patch))
    for text in [document, BLOCK.get(document, document)] if format_ is Format.YAML else [document]:
        made = edit(text.encode(), asked, format_, Dialect.GENERIC, seconds=60)
        assert read(made, format_, json.loads(result))
