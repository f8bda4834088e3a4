"""Bring to the disk what is there already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.files import leftovers
from confkeep.files.read import open_to_read
from confkeep.files.written import failure, sync_directory

if TYPE_CHECKING:
    from confkeep.files.target import Target


def flush(target: Target) -> None:
    """Bring the target and its directory to the disk, and remove what a dead save left beside it."""
    if target.facts is not None:
        fd = open_to_read(target)
        try:
            os.fsync(fd)
        except OSError as error:
            raise failure(error, target.path, "flushing") from error
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
