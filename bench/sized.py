"""A configuration of any size, as people really write them, different each time."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Final

from bench.document import automation

_LONGEST: Final = 1_000
_numbers = count(1)


def sized(size: int) -> bytes:
    """A YAML document of ``size`` bytes that no earlier call returned; its first line says which one it is."""
    head = marker(next(_numbers))
    text = head + _automations(size - len(head))
    return (text + "#" * (size - len(text) - 1) + "\n").encode("ascii")


def marker(number: int) -> str:
    """The first line of a document: found nowhere else."""
    return f"# document {number:09d} of the bench\n"


@cache
def _automations(size: int) -> str:
    """Whole ones, as many as go into ``size`` and leave room for the end of a line."""
    text = "".join(automation(number) for number in range(size // _LONGEST * 2 + 1))
    end = text.rfind("\n\n", 0, size - 1)
    return "" if end < 0 else text[: end + 2]
