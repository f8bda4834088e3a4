"""The two routes by which new bytes reach a target, what each guarantees, and why one was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Route(StrEnum):
    """``replace``: temporary file and rename. ``overwrite``: in place, same inode, under lease and journal."""

    REPLACE = "replace"
    OVERWRITE = "overwrite"


@dataclass(frozen=True, slots=True)
class Guarantees:
    """What a save by this route keeps.

    ``reader_atomic``: no reader sees an empty, short or mixed file. ``crash_safe``: wholly old or wholly new after
    any crash, once recovery has run. ``compare_and_swap``: what is replaced is what was compared, even against
    programs that know nothing of confkeep. ``inode_kept``: mounts and hard links of the file see the new bytes.
    ``metadata_kept``: mode, owner, ACL and extended attributes stay.
    """

    reader_atomic: bool
    crash_safe: bool
    compare_and_swap: bool
    inode_kept: bool
    metadata_kept: bool


#: What each route promises when nothing stands in its way. A result carries what was really had.
DECLARED: Final = {
    Route.REPLACE: Guarantees(
        reader_atomic=True, crash_safe=True, compare_and_swap=True, inode_kept=False, metadata_kept=True
    ),
    Route.OVERWRITE: Guarantees(
        reader_atomic=True, crash_safe=True, compare_and_swap=True, inode_kept=True, metadata_kept=True
    ),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """The route of a target; ``code`` is for programs, ``reason`` for people."""

    name: Route
    code: str
    reason: str
