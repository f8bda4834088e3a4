"""JSON Pointer (RFC 6901): the address of one value in a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.errors import BadPatch

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Steps of one pointer: no document that is read is nested deeper (the text's own bound is 200).
MAX_STEPS: Final = 250
_BAD_ESCAPE: Final = re.compile(r"~(?![01])")
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,17}")


def steps(pointer: str) -> tuple[str, ...]:
    """The reference tokens of ``pointer``, unescaped (section 4); none for the whole document.

    Raises BadPatch for what the grammar of section 3 does not allow.
    """
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise BadPatch(f"{pointer!r} is not a JSON Pointer", remedy="begin it with a slash, as in /automations/0/alias")
    if _BAD_ESCAPE.search(pointer):
        raise BadPatch(
            f"{pointer!r} is not a JSON Pointer: a ~ stands alone", remedy="write ~0 for a tilde and ~1 for a slash"
        )
    if pointer.count("/") > MAX_STEPS:
        raise BadPatch(f"a JSON Pointer of more than {MAX_STEPS} steps", remedy="no document is nested so deep")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def pointer_of(steps: Iterable[str]) -> str:
    """The pointer of ``steps``."""
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def index_of(step: str) -> int | None:
    """The array index that ``step`` is (section 4: no leading zeros, no sign); None where it is none."""
    return int(step) if _INDEX.fullmatch(step) else None
