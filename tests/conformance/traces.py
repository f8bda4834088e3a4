"""What a save that did not happen must leave as it was."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.keeper import Keeper


class Trace(NamedTuple):
    """One name of a directory; the times of its inode change with every write, chmod and rename."""

    name: str
    data: bytes | None
    ino: int
    mode: int
    uid: int
    gid: int
    modified: int
    changed: int


def traces(directory: Path) -> list[Trace]:
    """The directory itself, and everything in it and below."""
    return [_trace(directory), *map(_trace, sorted(directory.rglob("*")))]


def _trace(path: Path) -> Trace:
    found = path.lstat()
    data = path.read_bytes() if stat.S_ISREG(found.st_mode) else None
    name, owner = os.fspath(path), (found.st_uid, found.st_gid)
    return Trace(name, data, found.st_ino, found.st_mode, *owner, found.st_mtime_ns, found.st_ctime_ns)


def revisions_of_all(keeper: Keeper) -> int:
    """How many revisions there are, of whatever file."""
    with keeper.store.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM revisions").fetchone()[0])
