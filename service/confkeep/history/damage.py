"""A damaged store is set aside, and a new one begins with the unsettled saves that can still be read of it.

The new one is made whole under another name first. From the moment it is called ``history.db.next-TIME`` the exchange
is decided, and whoever opens the store next completes it: a crash loses no intent.
"""

from __future__ import annotations

import fcntl
import os
import struct
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.history import salvage
from confkeep.history.contents import Damaged

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

_FLOCK: Final = struct.Struct("hhqqixxxx")  # struct flock of fcntl(2) on 64-bit Linux
_SHARED_BY_ALL: Final = 128  # the byte of the -shm file that every user of a store locks (SQLite's UNIX_SHM_DMS)
_LOG: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Damage:
    """``aside`` is where the damaged store is now. ``kept``: files whose unsettled saves were carried over.

    ``lost``: what is known of those that could not be read.
    """

    reason: str
    aside: Path
    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the store itself is at fault, not its disk, its permissions or its lock."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return isinstance(error, Damaged) or name.startswith("SQLITE_CORRUPT") or name == "SQLITE_NOTADB"


def is_in_use(path: Path) -> bool:
    """Whether another process has the store open.

    Ask only once it is given up: to close this descriptor drops the locks that this process has on the same file.
    """
    try:
        fd = os.open(f"{path}-shm", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        request = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _SHARED_BY_ALL, 1, 0)
        return bool(_FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, request))[0] != fcntl.F_UNLCK)
    finally:
        os.close(fd)


def replace(path: Path, reason: str, make: Callable[[Path], sqlite3.Connection]) -> Damage:
    """Set the damaged store ``path`` aside for one that ``make`` makes, with what could be read of its open intents.

    Nobody else uses the store, and the caller has its directory's lock. Raises OSError and sqlite3.Error.
    """
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    saved = salvage.read(path)
    making = path.with_name(f"{path.name}.making")
    for left in (making, *(Path(f"{making}{suffix}") for suffix in _LOG)):
        left.unlink(missing_ok=True)
    with closing(make(making)) as connection:
        with suppress(PermissionError):  # its owner shall be able to use the new one, whoever found the damage
            os.chown(making, path.stat().st_uid, path.stat().st_gid)
        salvage.write(connection, saved)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        # One file, without a log beside it, is what can be renamed.
        connection.execute("PRAGMA journal_mode=DELETE")
    making.rename(path.with_name(f"{path.name}.next-{stamp}"))
    aside = complete(path)
    if aside is None:
        raise Damaged(f"what was to replace {path} is gone")
    return Damage(reason, aside, saved.paths(), tuple(saved.lost))


def complete(path: Path) -> Path | None:
    """Complete an exchange that was decided; where the damaged store is now, None if there was nothing to do."""
    for decided in path.parent.glob(f"{path.name}.next-*"):
        aside = path.with_name(f"{path.name}.corrupt-{decided.name.rpartition('-')[2]}")
        # The log as well, and before the new one comes: SQLite would take it for that one's.
        for suffix in (*_LOG, ""):
            with suppress(FileNotFoundError):
                Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
        decided.rename(path)
        return aside
    return None
