"""What a command is given to read: files by their names, or standard input."""

from __future__ import annotations

import os
import sys
from typing import Final

from confkeep.errors import BadParameter, BadPath, FileTooLarge

STDIN: Final = "-"
#: What is understood, compared and merged here is no larger than what a daemon takes unless told otherwise.
MOST: Final = 16 << 20


def content(name: str) -> bytes:
    """All bytes of the file ``name``; ``-`` is standard input. Raises BadPath."""
    return _read(name, -1)


def document(name: str) -> bytes:
    """The same of what is to be held in memory several times. Raises BadPath, FileTooLarge."""
    found = _read(name, MOST + 1)
    if len(found) > MOST:
        raise FileTooLarge(
            f"{shown(name)} has more than {MOST} bytes", remedy="a configuration is smaller: is it the right file?"
        )
    return found


def documents(*names: str) -> list[bytes]:
    """Each of them. Raises BadParameter too: standard input can be read once."""
    if names.count(STDIN) > 1:
        raise BadParameter("standard input is only one of the files", remedy="name the others")
    return list(map(document, names))


def shown(name: str) -> str:
    """What messages call it."""
    return "standard input" if name == STDIN else name


def _read(name: str, most: int) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read(most)
    if os.path.isdir(name):
        raise BadPath(f"{name} is a directory", remedy=f"name files, such as {os.path.join(name, '*.yaml')}")
    try:
        with open(name, "rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadPath(f"{name}: {reason}", remedy="name a readable file, or - for standard input") from error
