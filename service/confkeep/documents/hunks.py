"""Where the lines of two files differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.matching import matching

if TYPE_CHECKING:
    from collections.abc import Sequence


class Hunk(NamedTuple):
    """``old[old_start:old_end]`` became ``new[new_start:new_end]``; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def lines_of(data: bytes) -> list[bytes]:
    """``data`` in lines, each with its line feed; the last may lack it. A lone carriage return ends no line."""
    *lines, last = data.split(b"\n")
    return [line + b"\n" for line in lines] + ([last] if last else [])


def hunks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Hunk]:
    """What differs, in order; unchanged lines stand between one and the next."""
    found: list[Hunk] = []
    at_old = at_new = 0
    for start_old, start_new, length in [*matching(old, new), (len(old), len(new), 0)]:
        if at_old < start_old or at_new < start_new:
            found.append(Hunk(at_old, start_old, at_new, start_new))
        at_old, at_new = start_old + length, start_new + length
    return found
