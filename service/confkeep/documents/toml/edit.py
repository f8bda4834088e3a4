"""TOML, changed by path through tomlkit, which keeps what it does not touch; tomllib proves what it did."""

from __future__ import annotations

import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from confkeep.documents.editing.plain import applied, same
from confkeep.documents.patch import Merge, Operation
from confkeep.documents.toml.comments import settle
from confkeep.errors import InvalidDocument, NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.editing.plain import Data
    from confkeep.documents.patch import Operations

#: tomlkit's containers are typed as what they hold, which is anything.
Container: TypeAlias = Any

#: Of text: tomlkit takes 5 s for 1 MB, and cannot be interrupted.
MAX_LENGTH: Final = 1 << 18
_WHOLE: Final = "change the text itself, and put the whole file"


def edit(text: str, operations: Operations, deadline: Deadline) -> str:
    """``text`` with ``operations`` done. Raises as ``confkeep.documents.edit.edit``.

    Strings stay strings, whatever date they spell; there is no null (TOML 1.0, "Value").
    """
    try:
        return _edit(text, operations, deadline)
    except RecursionError as error:  # of tomllib, or of ours: dotted keys nest as deep as they are long
        raise InvalidDocument("the document cannot be changed: it is nested too deep", remedy=_WHOLE) from error


def _edit(text: str, operations: Operations, deadline: Deadline) -> str:
    data = _read(text)
    if len(text) > MAX_LENGTH:
        raise NotRepresentable(f"the document has more than {MAX_LENGTH:,} characters", remedy=_WHOLE)
    wanted = [data]
    for operation in [operations] if isinstance(operations, Merge) else operations:
        deadline.look()
        after = applied(wanted[-1], operation)
        copies = isinstance(operation, Operation) and operation.op == "copy"
        _refuse_too_large(after if copies else operation.value)
        if after is not wanted[-1] and not same(after, wanted[-1], exactly=True):
            if not isinstance(after, dict):
                raise NotRepresentable("a TOML document is a table", remedy="give it members")
            _refuse_unsayable(after)
            wanted.append(after)
    if len(wanted) == 1:
        return text
    only_crlf = text.count("\r\n") == text.count("\n")  # tomlkit writes new lines with LF
    changed = _changed(text.replace("\r\n", "\n") if only_crlf else text, wanted, deadline)
    return changed.replace("\n", "\r\n") if only_crlf and "\n" in text else changed


def _refuse_too_large(value: Any) -> None:  # noqa: ANN401 - JSON or TOML
    """Each copy of a document into itself doubles it, and 40 fit in one patch; tomlkit takes its time for values."""
    left = MAX_LENGTH
    waiting = [value]
    while waiting:
        value = waiting.pop()
        left -= len(value) + 1 if isinstance(value, str) else 1
        if left < 0:
            raise NotRepresentable(f"the document would grow to over {MAX_LENGTH:,} characters", remedy="copy less")
        if isinstance(value, dict):
            waiting += (*value, *value.values())
        elif isinstance(value, list):
            waiting += value


def _read(text: str) -> dict[str, Data]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidDocument(
            f"the document cannot be changed: it is not valid TOML: {error}", remedy=_WHOLE
        ) from error


def _changed(text: str, wanted: list[dict[str, Data]], deadline: Deadline) -> str:
    """``text``, which reads as the first of ``wanted``, made to read as each of the others in turn."""
    import tomlkit

    try:
        document = tomlkit.parse(text)
        if tomlkit.dumps(document) != text:
            raise NotRepresentable("the document would not keep its formatting", remedy=_WHOLE)
        for old, new in pairwise(wanted):
            deadline.look()
            _Change(deadline).table(document, old, new)
        changed = settle(text, tomlkit.dumps(document))
        found = tomllib.loads(changed)
    except (NotRepresentable, TimeoutError, RecursionError):
        raise
    except Exception as error:  # of a library that has met something it did not expect: nothing is written
        raise NotRepresentable(f"the change cannot be written there ({type(error).__name__})", remedy=_WHOLE) from error
    if not same(found, wanted[-1], exactly=True):
        raise NotRepresentable("the change would have touched something else", remedy=_WHOLE)
    return changed


class _Change:
    """Makes tomlkit's containers read as they are to. Raises TimeoutError."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline = deadline

    def table(self, table: Container, old: dict[str, Data], new: dict[str, Data]) -> None:
        """Make ``table``, which reads as ``old``, read as ``new``."""
        for key in old.keys() - new.keys():
            self.deadline.look()  # each takes longer in a larger table
            del table[key]
        for key, value in new.items():
            self.deadline.look()
            if key not in old:
                table[key] = value
            elif not same(old[key], value, exactly=True):
                self.value(table, key, old[key], value)

    def array(self, array: Container, old: list[Data], new: list[Data]) -> None:
        """One operation changes, adds or removes one item: what is equal before and behind it is left alone."""
        before = 0
        while before < min(len(old), len(new)) and same(old[before], new[before], exactly=True):
            before += 1
        behind = 0
        while behind < min(len(old), len(new)) - before and same(old[-1 - behind], new[-1 - behind], exactly=True):
            behind += 1
        if len(old) == len(new):
            for index in range(before, len(old) - behind):
                self.value(array, index, old[index], new[index])
            return
        for index in reversed(range(before, len(old) - behind)):
            self.deadline.look()
            del array[index]
        for index in range(before, len(new) - behind):
            self.deadline.look()
            array.insert(index, new[index])

    def value(self, container: Container, at: str | int, old: Data, new: Data) -> None:
        if isinstance(old, dict) and isinstance(new, dict):
            self.table(container[at], old, new)
        elif isinstance(old, list) and isinstance(new, list):
            self.array(container[at], old, new)
        else:
            container[at] = new


def _refuse_unsayable(value: Data) -> None:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if value is None:
            raise NotRepresentable("TOML has no null", remedy="remove the key instead")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise NotRepresentable("an integer of TOML has 64 bits", remedy="write it as a string")
        if isinstance(value, list | dict):
            waiting += value.values() if isinstance(value, dict) else value
