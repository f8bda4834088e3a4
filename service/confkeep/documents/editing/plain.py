"""The operations of a patch on plain data: what a document that is not made of nodes is to mean afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeAlias, cast

from confkeep.documents.patch import Merge
from confkeep.documents.pointer import index_of, pointer_of, steps
from confkeep.errors import BadPatch, NotRepresentable, PatchTestFailed, PointerNotFound

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from confkeep.documents.patch import Operation

#: What TOML can say: JSON, dates and times, but no null.
Data: TypeAlias = "dict[str, Data] | list[Data] | bool | int | float | str | dt.date | dt.time | None"


def applied(data: Data, operation: Operation | Merge) -> Data:
    """``data`` with ``operation`` done; ``data`` itself stays as it is, and shares with the result what is equal.

    Raises PointerNotFound, PatchTestFailed, NotRepresentable (a whole document removed), BadPatch.
    """
    value = cast("Data", operation.value)
    if isinstance(operation, Merge):
        return _merged(data, value)
    path = operation.path
    match operation.op:
        case "test":
            if not same(_found(data, path), value, exactly=False):
                raise PatchTestFailed(
                    f"{path!r}: another value is there", remedy="read it again, and decide anew", pointer=path
                )
            return data
        case "remove":
            return _removed(data, path)
        case "replace":
            _found(data, path)
            return _put(data, path, value, insert=False)
        case "copy" | "move":
            return _transferred(data, operation)
        case "add" | "set":
            return _put(data, path, value, insert=operation.op == "add")


def same(one: Data, other: Data, *, exactly: bool) -> bool:
    """RFC 6902, section 4.6: numbers by their value, unless ``exactly``; true is no number."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], exactly=exactly) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair, exactly=exactly) for pair in zip(one, other, strict=True))
    if exactly or isinstance(one, bool) or isinstance(other, bool):
        return type(one) is type(other) and (one == other or (one != one and other != other))  # noqa: PLR0124 - nan
    return bool(one == other)


def _transferred(data: Data, operation: Operation) -> Data:
    source, path = operation.source, operation.path
    if source is None:
        raise BadPatch(f'{operation.op} {path!r} lacks "from"', remedy="say where the value is")
    value = _found(data, source)
    if operation.op == "copy":
        return _put(data, path, value, insert=True)
    if source == path:
        return data
    if path.startswith(source + "/"):
        raise BadPatch(f"{source!r} cannot be moved into itself, to {path!r}", remedy="copy it instead")
    return _put(_removed(data, source), path, value, insert=True)


def _found(data: Data, path: str) -> Data:
    way = steps(path)
    for at, step in enumerate(way):
        data = _step(data, step, pointer_of(way[: at + 1]))
    return data


def _step(data: Data, step: str, path: str) -> Data:
    if isinstance(data, dict) and step in data:
        return data[step]
    if isinstance(data, list):
        index = index_of(step)
        if index is not None and index < len(data):
            return data[index]
    return _fail(data, path)


def _put(data: Data, path: str, value: Data, *, insert: bool) -> Data:
    way = steps(path)
    if not way:
        return value

    def last(holder: Data) -> Data:
        if isinstance(holder, dict):
            return {**holder, way[-1]: value}
        if isinstance(holder, list):
            index = len(holder) if way[-1] == "-" else index_of(way[-1])
            if index is not None and index <= len(holder):
                return [*holder[:index], value, *holder[index + (not insert and index < len(holder)) :]]
        return _fail(holder, path)

    return _with(data, way, last)


def _removed(data: Data, path: str) -> Data:
    way = steps(path)
    if not way:
        raise NotRepresentable("'' is a whole document", remedy="replace it, or remove the file")

    def last(holder: Data) -> Data:
        _step(holder, way[-1], path)
        if isinstance(holder, dict):
            return {key: value for key, value in holder.items() if key != way[-1]}
        items = holder if isinstance(holder, list) else []
        return [value for index, value in enumerate(items) if index != int(way[-1])]

    return _with(data, way, last)


def _with(data: Data, way: tuple[str, ...], last: Callable[[Data], Data]) -> Data:
    """``data`` with what holds the end of ``way`` replaced by ``last`` of it."""
    holders = [data]
    for at, step in enumerate(way[:-1]):
        holders.append(_step(holders[-1], step, pointer_of(way[: at + 1])))
    made: Data = last(holders.pop())
    for holder, step in zip(reversed(holders), reversed(way[:-1]), strict=True):
        if isinstance(holder, dict):
            made = {**holder, step: made}
        elif isinstance(holder, list):
            made = [*holder[: int(step)], made, *holder[int(step) + 1 :]]
    return made


def _merged(data: Data, patch: Data) -> Data:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    found: dict[str, Data] = dict(data) if isinstance(data, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merged(found.get(name), value)
    return found


def _fail(holder: Data, path: str) -> NoReturn:
    what = "a table" if isinstance(holder, dict) else "an array" if isinstance(holder, list) else "a single value"
    raise PointerNotFound(f"{path!r} is not there: what would hold it is {what}", remedy="add it first")
