"""Conflicts as they stand in a text, in git's words (git-merge-file(1), ``--zdiff3``)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Labels:
    """What the conflict markers call the three."""

    mine: str = "mine"
    base: str = "base"
    theirs: str = "theirs"


def conflict(
    base: Sequence[bytes], mine: Sequence[bytes], theirs: Sequence[bytes], labels: Labels, newline: bytes
) -> list[bytes]:
    """The three between markers; lines that both sides begin or end with stand outside, once."""
    most = min(len(mine), len(theirs))
    begin = _alike(mine, theirs, most)
    end = _alike(mine[::-1], theirs[::-1], most - begin)
    return [
        *mine[:begin],
        _marker(b"<", labels.mine, newline),
        *_ended(mine[begin : len(mine) - end], newline),
        _marker(b"|", labels.base, newline),
        *_ended(base, newline),
        _marker(b"=", "", newline),
        *_ended(theirs[begin : len(theirs) - end], newline),
        _marker(b">", labels.theirs, newline),
        *mine[len(mine) - end :],
    ]


def _alike(one: Sequence[bytes], other: Sequence[bytes], most: int) -> int:
    pairs = zip(one[:most], other[:most], strict=True)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _marker(sign: bytes, label: str, newline: bytes) -> bytes:
    words = " ".join(label.split())  # a label is one line, whatever it was made from
    return sign * 7 + (b" " + words.encode("utf-8", "surrogateescape") if words else b"") + newline


def _ended(lines: Sequence[bytes], newline: bytes) -> list[bytes]:
    """A marker begins a line, so the line before it must end."""
    return [line if line.endswith(b"\n") else line + newline for line in lines]
