"""How a unified diff is shown: byte by byte to a program, in colours and without control characters to a person."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from confkeep.cli.output import visible, write_bytes

if TYPE_CHECKING:
    from typing import TextIO

_COLOURS: Final = {"@": "\x1b[36m", "+": "\x1b[32m", "-": "\x1b[31m"}
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[m"
_HEADER_LINES: Final = 2


def show(diff: bytes, stream: TextIO) -> None:
    """Write ``diff`` to ``stream``; in colours on a terminal, unless NO_COLOR is set (no-color.org)."""
    if not stream.isatty():
        stream.flush()
        write_bytes(diff, stream)
        return
    coloured = not os.environ.get("NO_COLOR")
    for number, line in enumerate(diff.decode("utf-8", "replace").removesuffix("\n").split("\n") if diff else ()):
        shown = visible(line.removesuffix("\r"))
        print(_painted(shown, is_header=number < _HEADER_LINES) if coloured else shown, file=stream)


def _painted(line: str, *, is_header: bool) -> str:
    colour = _BOLD if is_header else _COLOURS.get(line[:1], "")
    return f"{colour}{line}{_PLAIN}" if colour else line
