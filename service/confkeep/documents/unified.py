"""The unified format (POSIX, ``diff -u``), byte for byte what ``patch`` and ``git apply`` take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.documents.hunks import hunks, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confkeep.documents.hunks import Hunk

_NO_NEWLINE: Final = b"\n\\ No newline at end of file\n"
_ODD: Final = re.compile(rb'[\x00-\x1f\x7f"\\]')


def unified(old: bytes, new: bytes, old_name: str, new_name: str, *, context: int = 3) -> bytes:
    """The unified diff that ``patch`` and ``git apply`` take; empty when nothing differs.

    ``old`` and ``new`` may be in any encoding. A name with control characters, quotes or backslashes is quoted as git
    does, so no name can forge a line.
    """
    if old == new:
        return b""
    old_lines, new_lines = lines_of(old), lines_of(new)
    parts = [b"--- ", _name(old_name), b"\n+++ ", _name(new_name), b"\n"]
    for group in _groups(hunks(old_lines, new_lines), context):
        parts += _hunk(group, old_lines, new_lines, context)
    return b"".join(parts)


def _name(name: str) -> bytes:
    plain = name.encode("utf-8", "surrogateescape")
    if _ODD.search(plain):
        return b'"%b"' % _ODD.sub(lambda odd: b"\\%03o" % ord(odd[0]), plain)
    return plain + b"\t" if b" " in plain else plain  # without a tab, patch takes a blank for the name's end


def _groups(changes: list[Hunk], context: int) -> Iterator[list[Hunk]]:
    """Changes whose context would touch are shown as one."""
    group: list[Hunk] = []
    for change in changes:
        if group and change.old_start - group[-1].old_end > 2 * context:
            yield group
            group = []
        group.append(change)
    yield group


def _hunk(group: list[Hunk], old: Sequence[bytes], new: Sequence[bytes], context: int) -> Iterator[bytes]:
    before = min(context, group[0].old_start)
    after = min(context, len(old) - group[-1].old_end)
    start = group[0].old_start - before
    end = group[-1].old_end + after
    yield b"@@ -%b +%b @@\n" % (_range(start, end), _range(group[0].new_start - before, group[-1].new_end + after))
    for change in group:
        yield from _marked(b" ", old[start : change.old_start])
        yield from _marked(b"-", old[change.old_start : change.old_end])
        yield from _marked(b"+", new[change.new_start : change.new_end])
        start = change.old_end
    yield from _marked(b" ", old[start:end])


def _range(start: int, end: int) -> bytes:
    """One line needs no number of lines; an empty range is named by the line before it."""
    if end - start == 1:
        return b"%d" % end
    return b"%d,%d" % (start + (end > start), end - start)


def _marked(mark: bytes, lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield mark + line if line.endswith(b"\n") else mark + line + _NO_NEWLINE
