"""Bring to the disk what is there already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.files import leftovers
from confkeep.files.written import sync_directory

if TYPE_CHECKING:
    from confkeep.files.target import Target


def flush(target: Target) -> None:
    """Bring the target and its directory to the disk, and remove what a dead save left beside it."""
    if target.facts is not None:
        fd = target.open(os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    try:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=target.place.parent)
    except PermissionError:
        return  # closed to us: then nothing of ours was renamed or left in it
    try:
        leftovers.sweep(directory)
        sync_directory(directory)
    finally:
        os.close(directory)
