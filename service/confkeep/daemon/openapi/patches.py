"""What a PATCH takes, as JSON Schema: RFC 6902 and RFC 7396 say it in words."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from confkeep.daemon.patches import Kind


class Media(NamedTuple):
    """A body that is of no type of ours."""

    schema: dict[str, Any]
    example: object


#: RFC 6901, section 3.
_POINTER: Final = {"type": "string", "pattern": "^(/([^/~]|~[01])*)*$"}
_WITH_VALUE: Final = {
    "type": "object",
    "properties": {"op": {"enum": ["add", "replace", "test", "set"]}, "path": _POINTER, "value": {}},
    "required": ["op", "path", "value"],
}
_WITH_SOURCE: Final = {
    "type": "object",
    "properties": {"op": {"enum": ["move", "copy"]}, "path": _POINTER, "from": _POINTER},
    "required": ["op", "path", "from"],
}
_REMOVE: Final = {
    "type": "object",
    "properties": {"op": {"const": "remove"}, "path": _POINTER},
    "required": ["op", "path"],
}
#: ``set`` is ours: it replaces what is there, and adds what is not.
PATCHES: Final = {
    Kind.JSON_PATCH.value: Media(
        {"type": "array", "items": {"oneOf": [_WITH_VALUE, _WITH_SOURCE, _REMOVE]}, "maxItems": 1_000},
        [
            {"op": "test", "path": "/light/0/platform", "value": "demo"},
            {"op": "replace", "path": "/light/0/platform", "value": "template"},
        ],
    ),
    Kind.MERGE_PATCH.value: Media({}, {"light": None, "switch": [{"platform": "demo"}]}),
}
