"""RFC 6902 and RFC 7396 as simply as they can be written, on Python's own data: what edits are compared with."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.patch import Operation

    Data: TypeAlias = JsonValue


class Failed(Exception):
    """The operation cannot be done."""


def patched(  # noqa: C901, PLR0911 - one case an operation
    data: Data, operation: Operation
) -> Data:
    """A new value. Raises Failed."""
    data = copy.deepcopy(data)
    match operation.op:
        case "add" | "set":
            return _add(data, operation.path, operation.value, over=operation.op == "set")
        case "remove":
            return _remove(data, operation.path)[0]
        case "replace":
            if operation.path:
                data, _ = _remove(data, operation.path)
            return _add(data, operation.path, operation.value)
        case "copy":
            return _add(data, operation.path, copy.deepcopy(_get(data, _way(operation.source or ""))))
        case "move":
            source = operation.source or ""
            value = _get(data, _way(source))
            if source == operation.path:
                return data
            if operation.path.startswith(source + "/"):
                raise Failed
            return _add(_remove(data, source)[0], operation.path, value)
        case "test":
            if not equal(_get(data, _way(operation.path)), operation.value):
                raise Failed
            return data


def merged(target: Data, patch: Data) -> Data:
    """RFC 7396, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    result: dict[str, Data] = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def equal(one: Data, other: Data) -> bool:
    """Numbers by value; true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    return bool(one == other)


def _way(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _get(data: Data, way: list[str]) -> Data:
    for step in way:
        if isinstance(data, dict) and step in data:
            data = data[step]
        elif isinstance(data, list):
            data = data[_index(step, len(data) - 1)]
        else:
            raise Failed
    return data


def _index(step: str, most: int) -> int:
    if not (step == "0" or (step.isascii() and step.isdigit() and step[0] != "0")) or int(step) > most:
        raise Failed
    return int(step)


def _add(data: Data, path: str, value: Data, *, over: bool = False) -> Data:
    if not path:
        return value
    *way, last = _way(path)
    holder = _get(data, way)
    if isinstance(holder, dict):
        holder[last] = value
    elif isinstance(holder, list):
        length = len(holder)
        index = length if last == "-" else _index(last, length)
        holder[index : index + (over and index < length)] = [value]
    else:
        raise Failed
    return data


def _remove(data: Data, path: str) -> tuple[Data, Data]:
    if not path:
        raise Failed
    *way, last = _way(path)
    holder = _get(data, way)
    value = _get(holder, [last])
    if isinstance(holder, dict):
        del holder[last]
    elif isinstance(holder, list):
        del holder[int(last)]
    return data, value
