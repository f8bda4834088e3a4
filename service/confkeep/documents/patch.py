"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7396): what was sent, understood."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NoReturn, TypeAlias, cast, get_args

from confkeep.documents import pointer
from confkeep.errors import BadPatch

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue

Op: TypeAlias = Literal["add", "remove", "replace", "move", "copy", "test", "set"]

#: Operations in one patch, and how deep a value may be nested.
MAX_OPERATIONS: Final = 1_000
MAX_DEPTH: Final = 200
_WITH_VALUE: Final = frozenset({"add", "replace", "test", "set"})
_WITH_SOURCE: Final = frozenset({"move", "copy"})
#: Characters in which a number is written: more are no number of a configuration, and int() refuses 4,300 digits.
_LONGEST_NUMBER: Final = 1_000
_BRACKET_OR_STRING: Final = re.compile(r'[\[\]{}]|"(?:[^"\\]|\\.)*+"?', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Operation:
    """One of RFC 6902, or ``set``, ours: replace what is there, add what is not. ``source``: of move and copy."""

    op: Op
    path: str
    value: JsonValue = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """RFC 7396: members replace, None removes."""

    value: JsonValue


Operations: TypeAlias = "tuple[Operation, ...] | Merge"


def json_patch(body: bytes) -> tuple[Operation, ...]:
    """The operations that ``body`` holds as ``application/json-patch+json``. Raises BadPatch."""
    operations = _read(body, "JSON Patch")
    if not isinstance(operations, list):
        raise BadPatch("a JSON Patch is an array of operations (RFC 6902, section 3)", remedy='send [{"op": …}, …]')
    if len(operations) > MAX_OPERATIONS:
        raise BadPatch(
            f"the patch has {len(operations):,} operations, at most {MAX_OPERATIONS:,} are taken",
            remedy="send several patches, or the whole file",
        )
    return tuple(_operation(number, operation) for number, operation in enumerate(operations))


def merge_patch(body: bytes) -> Merge:
    """What ``body`` holds as ``application/merge-patch+json``. Raises BadPatch."""
    return Merge(_read(body, "merge patch"))


def _operation(number: int, members: JsonValue) -> Operation:
    """Members that RFC 6902 does not define are ignored (section 4)."""
    if not isinstance(members, dict):
        raise BadPatch(f"operation {number} is not an object", remedy='write {"op": …, "path": …}')
    op = _string(number, members, "op")
    if op not in get_args(Op):
        raise BadPatch(f"operation {number} has the unknown op {op!r}", remedy=f"there are {', '.join(get_args(Op))}")
    path = _pointer(number, members, "path")
    if op in _WITH_VALUE and "value" not in members:
        raise BadPatch(f"operation {number} ({op} {path!r}) has no value", remedy='give it a "value"; null is one')
    source = _pointer(number, members, "from") if op in _WITH_SOURCE else None
    if op == "move" and source is not None and path.startswith(source + "/"):
        raise BadPatch(f"operation {number} moves {source!r} into itself, to {path!r}", remedy="copy it instead")
    return Operation(cast("Op", op), path, members["value"] if op in _WITH_VALUE else None, source)


def _string(number: int, members: dict[str, JsonValue], name: str) -> str:
    found = members.get(name)
    if isinstance(found, str):
        return found
    what = "is not a string" if name in members else "is missing"
    raise BadPatch(f'"{name}" of operation {number} {what}', remedy="RFC 6902, section 4, says which members there are")


def _pointer(number: int, members: dict[str, JsonValue], name: str) -> str:
    found = _string(number, members, name)
    try:
        pointer.steps(found)
    except BadPatch as error:
        raise BadPatch(f'"{name}" of operation {number}: {error.detail}', remedy=error.remedy) from error
    return found


def _read(body: bytes, what: str) -> JsonValue:
    """``body`` as JSON (RFC 8259), with nothing that two readers of it could understand differently."""
    try:
        text = body.decode("utf-8")  # RFC 8259, section 8.1
        if _too_deep(text):
            raise BadPatch(f"the {what} is nested more than {MAX_DEPTH} deep", remedy="send the whole file")
        return cast(
            "JsonValue",
            json.loads(text, parse_constant=_constant, parse_int=_int, parse_float=_float, object_pairs_hook=_members),
        )
    except BadPatch:
        raise
    except ValueError as error:  # of the decoder, of UTF-8, and ours below
        raise BadPatch(f"the {what} is not JSON: {error}", remedy="send JSON in UTF-8 (RFC 8259)") from error


def _too_deep(text: str) -> bool:
    """Whether brackets outside of strings nest deeper than we go: the decoder of the library recurses."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    depth = 0
    for found in _BRACKET_OR_STRING.finditer(text):
        match found.group():
            case "[" | "{":
                depth += 1
                if depth > MAX_DEPTH:
                    return True
            case "]" | "}":
                depth -= 1
            case _:  # a string
                pass
    return False


def _members(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the name {twice!r} stands twice in one object")
    return found


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _int(text: str) -> int:
    _bounded(text)
    return int(text)


def _float(text: str) -> float:
    _bounded(text)
    found = float(text)
    if found in {float("inf"), float("-inf")}:
        raise ValueError(f"{text} is larger than readers can hold")
    return found


def _bounded(text: str) -> None:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text):,} digits")
