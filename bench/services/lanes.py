"""The ways to save that are compared by their time, one client each: the floor, its twin, and every service.

**Own durability**: a service as it is. **Equal durability**: where a service leaves out a flush that the floor does,
its client adds it after the answer, as a program on the same machine can that wants to be sure. That is durable once it
is done, and no more: where the service does not flush the file before it renames it, a crash in between may leave an
empty one. It is also cheaper than what the floor does: one commit of the filesystem's journal does for both flushes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bench import floor
from bench.sized import sized

if TYPE_CHECKING:
    from pathlib import Path

    from bench.services.connection import Connection
    from bench.services.peer import Peer, Running

#: Saves a fresh document, and tells the seconds from the request to the answer (and the flushes).
Lane = Callable[[], float]

FLOOR: Final = "floor: os.*"
TWIN: Final = "its twin"
_ADDED: Final = " + flushes by the client"
_FLOOR_FLUSHES: Final = frozenset({"file", "directory"})


def equal(peer: Peer) -> str | None:
    """The name of the lane that flushes what the peer leaves out; None where it leaves out nothing.

    A file that is written in place has no new name that the directory would have to have on the disk.
    """
    complete = peer.flushes >= _FLOOR_FLUSHES or (peer.in_place and "file" in peer.flushes)
    return None if complete else peer.name + _ADDED


def floors(folder: Path, size: int) -> dict[str, Lane]:
    """The floor and its twin, in a directory of their own."""
    folder.mkdir()
    path = os.fspath(folder / "floor.yaml")

    def once() -> float:
        data = sized(size)
        before = time.perf_counter()
        floor.replace_at(path, data)
        return time.perf_counter() - before

    return {FLOOR: once, TWIN: once}


def lanes(peer: Peer, running: Running, connection: Connection, size: int) -> dict[str, Lane]:
    """One or two, of the peer's first file."""
    file = running.folder / peer.files(1)[0]
    found = {peer.name: _lane(connection, file, size, frozenset())}
    added = equal(peer)
    if added is not None:
        found[added] = _lane(connection, file, size, _FLOOR_FLUSHES - peer.flushes)
    return found


def _lane(connection: Connection, file: Path, size: int, missing: frozenset[str]) -> Lane:
    def once() -> float:
        data = sized(size)
        request = connection.request(file.name, data)
        before = time.perf_counter()
        connection.save(request)
        if "file" in missing:
            _flush(file)
        if "directory" in missing:
            _flush(file.parent)
        taken = time.perf_counter() - before
        assert file.read_bytes() == connection.stored(data), f"{file} does not hold what was saved"
        return taken

    return once


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    os.fsync(descriptor)
    os.close(descriptor)
