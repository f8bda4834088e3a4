"""Temporary files by name, and the sweep of those whose maker died.

A living temporary file is locked (flock(2)); the kernel drops the lock with its maker. So a sweep takes the lock
without waiting and removes what it could lock.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import threading
from contextlib import suppress
from typing import Final

_PATTERN: Final = re.compile(r"\.confkeep-[0-9a-f]{16}\.tmp")
_swept: set[tuple[int, int, str]] = set()
_guard = threading.Lock()


def temporary_name() -> str:
    """A name nobody else uses; no longer than the shortest name limit, and no YAML for readers that glob."""
    return f".confkeep-{secrets.token_hex(8)}.tmp"


def is_temporary(name: str) -> bool:
    """Whether ``name`` is one of ours."""
    return _PATTERN.fullmatch(name) is not None


def sweep_once(directory: int) -> None:
    """Sweep ``directory`` (a readable descriptor) the first time this process comes by."""
    found = os.fstat(directory)
    # With the path: a filesystem may give the inode number of a removed directory to the next one.
    key = (found.st_dev, found.st_ino, os.readlink(f"/proc/self/fd/{directory}"))
    with _guard:
        if key in _swept:
            return
        _swept.add(key)
    sweep(directory)


def sweep(directory: int) -> list[str]:
    """Remove the temporary files in ``directory`` whose maker is dead; their names."""
    with os.scandir(directory) as entries:
        names = [entry.name for entry in entries if is_temporary(entry.name)]
    return [name for name in names if _remove_if_dead(directory, name)]


def _remove_if_dead(directory: int, name: str) -> bool:
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return False  # gone meanwhile, or another user's
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(directory, name)
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


def remove(directory: int, name: str) -> None:
    """Remove ``name``; that it is gone already is fine."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=directory)
