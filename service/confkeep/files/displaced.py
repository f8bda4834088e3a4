"""Edits that a save displaced and could not put back: its process died in that moment, or yet another file came.

Such an edit is in the target's directory under the name of a temporary file (leftovers.py), and nobody else has it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.files import leftovers, syscalls
from confkeep.files.read import read_all

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.files.place import Place


def restore(place: Place, present: str | None, old: str, new: str, record: Callable[[bytes], None]) -> bool:
    """Put back what a dead save displaced that brought the etag ``new`` in place of ``old`` at ``place``.

    Where its own bytes are still there (``present``, an etag), they are exchanged back, and True is returned: what is
    there has changed. Where others are, the edit is given to ``record``, and removed when that returns.
    """
    changed = False
    try:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.parent)
    except PermissionError:
        return False  # closed to us: then nothing was exchanged in it
    try:
        for name in leftovers.edits(directory, old, new, place.name):
            if present == new and not changed:
                syscalls.rename_exchange(directory, name, place.name)
                changed = True
            elif present is None and new == leftovers.NOTHING and not changed:
                syscalls.rename_noreplace(directory, name, place.name)
                changed = True
            else:
                keep(directory, name, record)
    finally:
        os.close(directory)
    return changed


def keep(directory: int, name: str, record: Callable[[bytes], None]) -> None:
    """Give the edit ``name`` to ``record``, and remove it when that returns."""
    fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    try:
        record(read_all(fd))
    finally:
        os.close(fd)
    leftovers.remove(directory, name)
