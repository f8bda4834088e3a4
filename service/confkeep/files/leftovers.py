"""Temporary files by name, and the sweep of those whose maker died.

A living temporary file is locked (flock(2)); the kernel drops the lock with its maker. So a sweep takes the lock
without waiting and removes what it could lock, if it knows that nobody misses it:

- ``.confkeep-R.tmp`` becomes a new file and never was anything but ours. A directory of that name becomes a new folder
  (folder.py) or is what a new folder has replaced: it is removed as a tree.
- ``.confkeep-R-OF-OLD-NEW.tmp`` is exchanged with a file, for a moment. It has that name from when all of it is on the
  disk: so it is ours, whole, or it is what was displaced. What has neither of the two hashes is somebody's edit, which
  nobody has a copy of. (A mark that is taken away with the last byte would not do: after a power cut it may be gone,
  and the bytes not there.)
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zlib import crc32

from confkeep.etag import etag_of
from confkeep.files import mounts, tree
from confkeep.files.read import read_all

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATTERN: Final = re.compile(
    r"\.confkeep-[0-9a-f]{16}(?:-[0-9a-f]{8}-(?P<old>[0-9a-f]{16})-(?P<new>[0-9a-f]{16}))?\.tmp"
)
_HASH: Final = 16
#: Stands for the etag of what is to be no file.
NOTHING: Final = "0" * _HASH
_swept: set[str] = set()
_guard = threading.Lock()


def temporary_name(old: str | None = None, new: str = "", of: str = "") -> str:
    """A name nobody else uses; for what goes from the etag ``old`` (None: nothing) to ``new`` under the name ``of``.

    No longer than the shortest name limit, and no YAML for readers that glob.
    """
    return f".confkeep-{os.urandom(8).hex()}{'.tmp' if old is None else _ending(old, new, of)}"


def _ending(old: str, new: str, of: str) -> str:
    return f"-{crc32(os.fsencode(of)):08x}-{old[:_HASH]}-{new[:_HASH]}.tmp"


def is_temporary(name: str) -> bool:
    """Whether ``name`` is one of ours."""
    return _PATTERN.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Swept:
    """Names in one directory: ``removed``, and ``edits``: displaced contents that nobody has a copy of."""

    removed: list[str] = field(default_factory=list[str])
    edits: list[str] = field(default_factory=list[str])


def sweep_once(directory: int, path: str) -> None:
    """Sweep ``directory`` (a readable descriptor), known as ``path``, the first time this process comes by."""
    with _guard:
        if path in _swept:
            return
        _swept.add(path)
    with suppress(OSError):  # a favour to the directory, and no part of a save
        sweep(directory)


def sweep(directory: int) -> Swept:
    """Remove the temporary files and trees in ``directory`` whose maker is dead."""
    swept = Swept()
    for name, fd in _dead(directory):
        with suppress(OSError):  # what cannot be read or removed now stays for another sweep
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                if tree.remove(directory, name) is None:
                    swept.removed.append(name)
            elif _is_edit(name, fd):
                swept.edits.append(name)
            else:
                os.unlink(name, dir_fd=directory)
                swept.removed.append(name)
    return swept


def edits(directory: int, old: str, new: str, of: str = "") -> list[str]:
    """Edits of ``of`` that dead savers displaced when they brought the etag ``new`` in place of ``old``."""
    ending = _ending(old, new, of)
    return [name for name, fd in _dead(directory) if name.endswith(ending) and _is_edit(name, fd)]


def set_aside(directory: int, old: str, of: str) -> list[str]:
    """What had the name ``of`` and the etag ``old``, and was about to be removed by a dead saver."""
    ending = _ending(old, NOTHING, of)
    return [
        name for name, fd in _dead(directory) if name.endswith(ending) and etag_of(read_all(fd))[:_HASH] == old[:_HASH]
    ]


def _dead(directory: int) -> Iterator[tuple[str, int]]:
    """Temporary files and directories that no living maker holds, each locked by us while it is looked at."""
    with os.scandir(directory) as entries:
        names = sorted(entry.name for entry in entries if is_temporary(entry.name))
    for name in names:
        try:
            fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
        except OSError:
            continue  # gone meanwhile, or another user's
        try:
            mode = os.fstat(fd).st_mode
            if not (stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and not _names_contents(name))):
                continue  # anything else we never made
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if leads_to(directory, name, fd):
                yield name, fd
        except OSError:
            continue
        finally:
            os.close(fd)


def _names_contents(name: str) -> bool:
    parts = _PATTERN.fullmatch(name)
    return parts is not None and parts["old"] is not None


def leads_to(directory: int, name: str, fd: int) -> bool:
    """Whether ``name`` still leads to ``fd``: a directory whose lock is free may have been published meanwhile."""
    found, ours = mounts.facts_at(directory, name), mounts.facts(fd, directory)
    return found is not None and (found.dev, found.ino) == (ours.dev, ours.ino)


def _is_edit(name: str, fd: int) -> bool:
    parts = _PATTERN.fullmatch(name)
    if parts is None or parts["old"] is None:
        return False
    return etag_of(read_all(fd))[:_HASH] not in {parts["old"], parts["new"]}


def remove(directory: int, name: str) -> None:
    """Remove ``name``. Gone already is fine; where it cannot be, because the disk has failed, a later sweep does it."""
    with suppress(OSError):
        os.unlink(name, dir_fd=directory)
