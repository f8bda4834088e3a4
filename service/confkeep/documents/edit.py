"""Change one thing of a document, every other byte kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.collector import paused
from confkeep.documents.deadline import Deadline
from confkeep.documents.format import Format
from confkeep.documents.patch import MAX_DEPTH, Merge
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import BadPatch, InvalidDocument, NotRepresentable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confkeep.documents.changes import Change, JsonValue
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.editing.equal import Readers
    from confkeep.documents.editing.plan import Plan
    from confkeep.documents.node import Stream
    from confkeep.documents.patch import Operation, Operations

_EDITABLE: Final = {Format.YAML, Format.JSON, Format.JSONC, Format.TOML}
_WHOLE: Final = "change the text itself, and put the whole file"
#: Characters that a text may grow to: each copy of a whole document into itself doubles it, and 40 fit in one patch.
MAX_LENGTH: Final = 1 << 22


def edit(data: bytes, operations: Operations, format_: Format, dialect: Dialect, *, seconds: float) -> bytes:
    """``data`` with ``operations`` done, in their order, all or none; the same bytes where nothing has to change.

    Each result is parsed again and proven to differ in what was asked for only (``prove``).
    Raises PointerNotFound, PatchTestFailed, NotRepresentable, InvalidDocument (``data`` itself cannot be read),
    BadPatch, TimeoutError.
    """
    if format_ not in _EDITABLE:
        raise NotRepresentable(
            f"{format_.value} cannot be changed by path: its readers do not agree on what its lines mean",
            remedy=_WHOLE,
        )
    _bound(operations)
    deadline = Deadline(seconds)
    try:
        text, encoding = decode(data)
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            f"the document is not valid {error.encoding}: {error.reason} at byte {error.start}",
            remedy="save it as UTF-8 first",
        ) from error
    with paused():
        if format_ is Format.TOML:
            changed = _toml(text, operations, deadline)
        else:
            changed = _nodes(text, operations, format_, dialect, deadline)
    if changed == text:
        return data
    try:
        return encoding.encode(changed)
    except UnicodeEncodeError as error:
        raise NotRepresentable("a lone surrogate is no character of a file", remedy="leave it out") from error


def _toml(text: str, operations: Operations, deadline: Deadline) -> str:
    from confkeep.documents.toml.edit import edit as edit_toml

    return edit_toml(text, operations, deadline)


def _nodes(text: str, operations: Operations, format_: Format, dialect: Dialect, deadline: Deadline) -> str:
    from confkeep.documents.editing.equal import readers
    from confkeep.documents.streams import compose

    try:
        stream = compose(text, format_, deadline)
    except Uncomposable as error:
        raise InvalidDocument(f"the document cannot be changed: {error}", remedy=_WHOLE) from error
    who = readers(format_, dialect)

    for operation in [operations] if isinstance(operations, Merge) else operations:
        while (found := _planned(stream, operation, who)).first:
            stream = _done(stream, found.changes, format_, deadline)
        stream = _done(stream, found.changes, format_, deadline)
    return stream.text


def _planned(stream: Stream, operation: Operation | Merge, who: Readers) -> Plan:
    from confkeep.documents.editing.merging import plan_merge
    from confkeep.documents.editing.plan import plan

    if isinstance(operation, Merge):
        return plan_merge(stream, operation.value, who)
    return plan(stream, operation, who)


def _done(stream: Stream, changes: Sequence[Change], format_: Format, deadline: Deadline) -> Stream:
    """``stream`` with ``changes``, proven."""
    from confkeep.documents.editing.anchors import guard
    from confkeep.documents.prove import prove
    from confkeep.documents.splice import Syntax, splice
    from confkeep.documents.streams import compose

    deadline.look()
    if not changes:
        return stream
    guard(stream, changes, deadline)
    try:
        text = splice(stream, changes, Syntax.YAML if format_ is Format.YAML else Syntax.JSON)
    except NotRepresentable as error:
        raise NotRepresentable(error.detail, remedy=error.remedy or _WHOLE) from error
    if len(text) > MAX_LENGTH:
        raise NotRepresentable(f"the text would grow to over {MAX_LENGTH:,} characters", remedy="copy less")
    try:
        new = compose(text, format_, deadline)
    except Uncomposable as error:
        raise NotRepresentable(f"the change cannot be written there: afterwards {error}", remedy=_WHOLE) from error
    prove(stream, changes, new, format_, deadline)
    return new


def _bound(operations: Operations) -> None:
    """Refuse values that nest deeper than documents may: what comes by ``json_patch`` does not."""
    waiting: list[tuple[JsonValue, int]] = [(value, 0) for value in _values(operations)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise BadPatch(f"a value is nested more than {MAX_DEPTH} deep", remedy=_WHOLE)
        if isinstance(value, list | dict):
            waiting += [(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]


def _values(operations: Operations) -> Iterator[JsonValue]:
    yield from [operations.value] if isinstance(operations, Merge) else (one.value for one in operations)
