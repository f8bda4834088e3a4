"""A unified diff of edits whose places are known: no search for what is common, as little of the file as will do."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_edit import Edit, apply

if TYPE_CHECKING:
    from confkeep.layout.compose_nodes import Text

#: Lines around a change. One will do, and what else stands there (a password in `environment`) is nobody's business.
_CONTEXT: Final = 1


@dataclass(slots=True)
class _Block:
    """Lines from ``first`` up to, not including, ``last`` become ``new``."""

    first: int
    last: int
    new: list[str]


def unified_diff(name: str, text: Text, edits: list[Edit]) -> str:
    """For ``patch -p0`` and ``git apply -p0`` in the file's directory."""
    old = _split(text.mark + text.characters)
    header = f"{name}\t" if " " in name else name  # as diff itself marks where such a name ends
    parts = [f"--- {header}\n+++ {header}\n"]
    shift = 0
    for hunk in _hunks(_blocks(text, old, edits)):
        first, last = max(hunk[0].first - _CONTEXT, 0), min(hunk[-1].last + _CONTEXT, len(old))
        body, at = list[str](), first
        for block in hunk:
            body += [f" {line}" for line in old[at : block.first]]
            body += [f"-{line}" for line in old[block.first : block.last]] + [f"+{line}" for line in block.new]
            at = block.last
        body += [f" {line}" for line in old[at:last]]
        length = last - first
        grown = sum(len(block.new) - (block.last - block.first) for block in hunk)
        parts.append(f"@@ -{_range(first, length)} +{_range(first + shift, length + grown)} @@\n")
        parts += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body]
        shift += grown
    return "".join(parts)


def _split(characters: str) -> list[str]:
    """What `patch` calls lines: each ends with a line feed, except perhaps the last one."""
    *whole, rest = characters.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _range(first: int, length: int) -> str:
    """Counted from 1; that of no lines names the one before it (POSIX, diff, "Diff -u Output Format")."""
    return f"{first + 1 if length else first},{length}"


def _blocks(text: Text, old: list[str], edits: list[Edit]) -> list[_Block]:
    """The changed lines; edits that touch the same line are one block."""
    starts = [0, *accumulate(len(line) for line in old)]
    whole = text.mark + text.characters
    open_ended = starts if whole.endswith("\n") else starts[:-1]  # what comes behind the last line belongs to it
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in sorted(edits):
        moved = Edit(edit.start + len(text.mark), edit.end + len(text.mark), edit.new)
        first = bisect_right(open_ended, moved.start) - 1
        last = min(bisect_right(starts, max(moved.start, moved.end - 1)), len(old))
        if groups and first < groups[-1][1]:
            first, before, touching = groups.pop()
            groups.append((first, max(last, before), [*touching, moved]))
        else:
            groups.append((first, last, [moved]))
    blocks = [
        _block(old, first, last, _new(whole[starts[first] : starts[last]], starts[first], touching))
        for first, last, touching in groups
    ]
    return [block for block in blocks if block.new or block.first < block.last]  # a hunk without a change is corrupt


def _new(characters: str, start: int, edits: list[Edit]) -> list[str]:
    return _split(apply(characters, [Edit(edit.start - start, edit.end - start, edit.new) for edit in edits]))


def _block(old: list[str], first: int, last: int, new: list[str]) -> _Block:
    """Without the lines at its start that stay as they are: for its edit an added line is the end of the one before."""
    while first < last and new and new[0] == old[first]:
        first, new = first + 1, new[1:]
    return _Block(first, last, new)


def _hunks(blocks: list[_Block]) -> list[list[_Block]]:
    """Blocks whose context would touch are one hunk."""
    hunks: list[list[_Block]] = []
    for block in blocks:
        if hunks and block.first - hunks[-1][-1].last <= 2 * _CONTEXT:
            hunks[-1].append(block)
        else:
            hunks.append([block])
    return hunks
