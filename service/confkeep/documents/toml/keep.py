"""TOML: the old text made to read as a new one does, by a merge patch that says the difference."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, cast

from confkeep.documents.editing.plain import same
from confkeep.documents.patch import Merge
from confkeep.documents.toml.edit import edit
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.editing.plain import Data


def read(text: str) -> dict[str, Data]:
    """What ``text`` says. Raises Uncomposable."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Uncomposable(f"it is not valid TOML: {error}") from error


def keep(old: str, before: dict[str, Data], after: dict[str, Data], deadline: Deadline) -> str:
    """``old``, which reads as ``before``, made to read as ``after``. Raises as ``edit`` does, when it cannot."""
    try:
        changed = edit(old, Merge(cast("JsonValue", _patch(before, after))), deadline)
        proven = same(cast("Any", tomllib.loads(changed)), after, exactly=True)
    except RecursionError as error:  # dotted keys nest as deep as they are long
        raise NotRepresentable("it is nested too deep") from error
    if not proven:
        raise NotRepresentable("the change would have touched something else")
    return changed


def _patch(before: dict[str, Data], after: dict[str, Data]) -> dict[str, Data]:
    """What RFC 7396 makes of ``before`` is ``after``; as TOML has no null, any difference can be said so."""
    patch: dict[str, Data] = dict.fromkeys(before.keys() - after.keys())
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            if inner := _patch(old, value):
                patch[key] = inner
        elif key not in before or not same(old, value, exactly=True):
            patch[key] = value
    return patch
