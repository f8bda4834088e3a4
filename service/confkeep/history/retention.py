"""Retention: what is kept of a root's history, and how the rest goes without holding up a save."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from confkeep.history import contents
from confkeep.history.revisions import State

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

    from confkeep.history.store import Store

_DAY: Final = 86_400_000
_ALWAYS: Final = 2
#: A revision is not taken away under the eyes of who has just got its number.
_YOUNG: Final = 60_000
_STEP: Final = 20
_PAUSE: Final = 0.005
_PAGES: Final = 32
#: Free pages that are left for the next saves (1 MiB): to give them back and take them again would cost them.
_FREE: Final = 256
_LOOKED: Final = 500


@dataclass(frozen=True)
class Policy:
    """What is kept of the files below one root: 0 means no limit.

    ``revisions``: so many of each file. ``days``: those that are younger. ``size``: so many bytes of different contents
    of all files together, as they were saved. Never taken are the last two contents of a file, what a file with an
    unsettled save has, and what is younger than a minute.
    """

    revisions: int = 1_000
    days: int = 365
    size: int = 64 << 20


class _Row(NamedTuple):
    number: int
    time: int
    size: int
    digest: bytes | None
    always: bool


def prune(store: Store, policies: Mapping[str, Policy]) -> Iterator[int]:
    """Take away what the policies do not keep; each step says how many revisions went.

    Keys are the paths of roots, free of links; where roots lie in one another, what one of them does not keep goes.
    Raises OutOfSpace, IoError.
    """
    for root, policy in policies.items():
        for numbers in _steps(_superfluous(store, root, policy)):
            with store.soon() as connection:
                gone = sum(_remove(connection, number) for number in numbers)
            yield gone


def give_back(store: Store) -> Iterator[int]:
    """Return free pages to the filesystem, a few at a time; each step says how many. Raises OutOfSpace, IoError."""
    while True:
        with store.soon() as connection:
            (free,) = connection.execute("PRAGMA freelist_count").fetchone()
            if free <= _FREE:
                return
            pages = min(_PAGES, free - _FREE)
            for _ in range(pages):
                # One page a call, whatever number it is given: sqlite3 stops at its first row, which has no columns.
                connection.execute("PRAGMA incremental_vacuum(1)")
        yield pages


def _superfluous(store: Store, root: str, policy: Policy) -> list[int]:
    """Revisions to take away, oldest first."""
    kept: list[_Row] = []
    over: list[int] = []
    now = time.time_ns() // 1_000_000
    with store.apart() as connection:
        for file in _files(connection, root):
            for place, row in enumerate(_rows(connection, file, now)):
                aged = policy.days and row.time < now - policy.days * _DAY
                counted = policy.revisions and place >= policy.revisions
                if (aged or counted) and not row.always:
                    over.append(row.number)
                else:
                    kept.append(row)
    return sorted(over + _too_large(kept, policy.size))


def _too_large(rows: list[_Row], limit: int) -> list[int]:
    """The oldest of ``rows``, whichever files they are of, down to ``limit`` bytes of different contents."""
    if not limit:
        return []
    seen: set[bytes] = set()
    total = 0
    over: list[int] = []
    for row in sorted(rows, reverse=True):
        if row.digest is not None and row.digest not in seen:
            seen.add(row.digest)
            total += row.size
        if total > limit and not row.always:
            over.append(row.number)
    return over


def _files(connection: sqlite3.Connection, root: str) -> list[int]:
    """The root itself, where it is a single file, and everything below it, without those with an unsettled save."""
    path = os.fsencode(root.rstrip("/"))
    below = "SELECT id FROM files WHERE path = ?1 UNION ALL SELECT id FROM files WHERE path > ?2 AND path < ?3"
    found = connection.execute(below, (path, path + b"/", path + b"0")).fetchall()  # 0 comes after /
    busy = {file for (file,) in connection.execute("SELECT file FROM intents")}
    return [file for (file,) in found if file not in busy]


def _rows(connection: sqlite3.Connection, file: int, now: int) -> Iterator[_Row]:
    """Newest first."""
    applied = 0
    query = "SELECT id, time, size, hash, state FROM revisions WHERE file = ? ORDER BY id DESC"
    for count, (number, when, size, digest, state) in enumerate(connection.execute(query, (file,))):
        if state == State.APPLIED:
            applied += 1
        last = state == State.APPLIED and applied <= _ALWAYS
        yield _Row(number, when, size, digest, last or state == State.PROMISED or when > now - _YOUNG)
        if count % _LOOKED == _LOOKED - 1:
            time.sleep(_PAUSE)


def _remove(connection: sqlite3.Connection, number: int) -> int:
    row = connection.execute("DELETE FROM revisions WHERE id = ? RETURNING hash", (number,)).fetchone()
    if row is None:
        return 0
    if row[0] is not None:
        contents.forget_unless_used(connection, row[0])
    return 1


def _steps(numbers: list[int]) -> Iterable[list[int]]:
    return (numbers[start : start + _STEP] for start in range(0, len(numbers), _STEP))
