"""Comments of a TOML document, where something was removed.

tomlkit hangs a comment on what stands above it; people write it above what it is about. So what goes with a removed
entry are the comments directly above it, and those above the next entry stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.hunks import Hunk, hunks, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK: Final = (b"\n", b"\r\n")


def settle(old: str, new: str) -> str:
    """``new``, which is ``old`` with something removed, with the comments that should have stayed, and no others."""
    before, after = lines_of(old.encode()), lines_of(new.encode())
    for hunk in reversed(hunks(before, after)):
        if hunk.new_start == hunk.new_end:
            _settle(before, after, _upwards(before, hunk))
    return b"".join(after).decode()


def _upwards(lines: Sequence[bytes], hunk: Hunk) -> Hunk:
    """The same removal as far up as it can be: where lines repeat, a diff does not know which of them went."""
    start, end, at, _ = hunk
    while start and at and lines[start - 1] == lines[end - 1]:
        start, end, at = start - 1, end - 1, at - 1
    return Hunk(start, end, at, at)


def _settle(before: Sequence[bytes], after: list[bytes], hunk: Hunk) -> None:
    start, end, at, _ = hunk
    while start < end and before[start] in _BLANK:
        start += 1
    if start == end or _is_comment(before[start]):
        return
    stay = _run_of_comments(before, end, start)
    if start == hunk.old_start:
        own = _run_of_comments(before, start, 0)
        if own:  # those that begin a document are about all of it
            del after[at - (start - own) : at]
            at -= start - own
    kept = list(before[stay:end])
    if kept and at and after[at - 1] not in _BLANK and before[stay - 1] in _BLANK:
        kept.insert(0, before[stay - 1])
    after[at:at] = kept


def _run_of_comments(lines: Sequence[bytes], end: int, first: int) -> int:
    """Where the comments begin that stand directly above line ``end``, not before ``first``."""
    while end > first and _is_comment(lines[end - 1]):
        end -= 1
    return end


def _is_comment(line: bytes) -> bool:
    return line.lstrip().startswith(b"#")
