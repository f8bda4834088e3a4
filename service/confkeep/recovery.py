"""The other half of the transaction: what a crash left open.

Decided by content alone: the target is **new**, **old**, **torn**, or **other** (somebody else's bytes, which are
never overwritten). A second crash anywhere in here gives the same result.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError, TargetBusy
from confkeep.etag import Version, etag_of, version_of
from confkeep.files import displaced, mounts
from confkeep.files.flush import flush
from confkeep.files.overwrite import overwrite
from confkeep.files.place import resolve
from confkeep.files.read import read
from confkeep.files.root import ANYWHERE, OnBusy
from confkeep.files.route import Route
from confkeep.files.target import Changed, Target, look
from confkeep.files.written import Unsettled
from confkeep.history import intents, revisions
from confkeep.history.revisions import Author, Origin, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from confkeep.files.place import Place
    from confkeep.history.intents import Intent
    from confkeep.history.store import Store

_ATTEMPTS: Final = 5
#: A living process closes the intent of a save that has ended in half of that time (history/flusher.py), seconds.
_CLOSED_WITHIN: Final = 2.0
_PAUSE: Final = 0.02
_HALF_WRITTEN: Final = Author(Origin.RECOVERY, message="found half written after a crash")


class Found(StrEnum):
    """What a crash left in a target."""

    NEW = "new"
    OLD = "old"
    TORN = "torn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one intent. ``settled`` is False where the target cannot be repaired now; ``detail`` says why."""

    path: str
    revision: int
    found: Found | None
    settled: bool
    detail: str


def recover(
    store: Store, lock: Callable[[Place], AbstractContextManager[None]], is_alone: Callable[[], bool]
) -> list[Recovered]:
    """Settle every open intent, oldest first, each under its target's lock. ``is_alone`` as in ``settle``."""
    with store.reading() as connection:
        pending = intents.unsettled(connection)

    def one(intent: Intent) -> Recovered | None:
        with resolve(ANYWHERE, intent.path) as place, lock(place):
            return settle(store, place, is_alone)

    return [_recover(store, intent, one) for intent in pending]


def _recover(store: Store, intent: Intent, one: Callable[[Intent], Recovered | None]) -> Recovered:
    path = intent.path
    try:
        settled = one(intent)
        if settled is not None:
            return settled
        with store.reading() as connection:
            left = intents.is_open(connection, intent.revision)
        detail = "its name leads elsewhere now" if left else "settled meanwhile"
        return Recovered(path, intent.revision, None, settled=not left, detail=detail)
    except (ConfkeepError, OSError) as error:
        return Recovered(path, intent.revision, None, settled=False, detail=str(error))


def settle(store: Store, place: Place, is_alone: Callable[[], bool]) -> Recovered | None:
    """Settle the open intent of ``place``, whose lock is held; None where there is none.

    ``is_alone``: no other process uses the store. One that lives closes its intents within a second after its save:
    until then the file may have been edited again, and that must not look like a save that was torn by a crash.

    Raises ConfkeepError or OSError when the target cannot be read or repaired now; the intent stays.
    """
    with store.looking() as connection:
        numbers = intents.numbers_of(connection, place.path, _identity(place))
        pending = [number for number in numbers if not store.is_about_to_close(number)]
        found = [intent for number in pending if (intent := intents.unsettled_by(connection, number))]
    if not found:
        return None
    # A record that can be read after kill -9 may still not be on the disk; acting on it and then losing power would
    # leave a changed target without a promise.
    store.make_durable()
    return [_settle_one(store, intent, place, is_alone) for intent in found][-1]


def _identity(place: Place) -> tuple[int, int] | None:
    found = mounts.facts_at(place.parent, place.name)
    return None if found is None else (found.dev, found.ino)


def _settle_one(store: Store, intent: Intent, place: Place, is_alone: Callable[[], bool]) -> Recovered:
    for _ in range(_ATTEMPTS):
        try:
            with look(place) as target:
                return _settle(store, intent, target, is_alone)
        except Changed:
            continue
        except Unsettled as error:
            raise error.cause from error
    raise TargetBusy(f"{place.path} keeps changing while it is being repaired", remedy="try again")


def _settle(store: Store, intent: Intent, target: Target, is_alone: Callable[[], bool]) -> Recovered:
    present = None if target.facts is None else read(target)
    if intent.route == Route.REPLACE and _put_back(store, intent, target, present):
        raise Changed
    found = classify(present, intent, known=_is_known(store, intent.path, present))
    if found is Found.TORN and not _may_be_ours(intent, target):
        found = Found.OTHER
    if found is Found.TORN and target.refusal:
        raise target.refusal
    if found in {Found.TORN, Found.OTHER} and not is_alone() and _is_closed_soon(store, intent):
        return Recovered(intent.path, intent.revision, None, settled=True, detail="settled meanwhile")
    details = {
        Found.NEW: "the save was complete",
        Found.OLD: "the save had not begun; its content is kept as an abandoned revision",
        Found.TORN: "the save was half done and has been completed",
        Found.OTHER: "somebody else wrote the file since: it was not touched; the save is an abandoned revision",
    }
    if found is Found.TORN and present is not None:
        _record_torn(store, intent, version_of(present))
        overwrite(target, present, intent.new)
    else:
        _bring_to_disk(intent, target, present)
        if found is Found.OTHER and present is not None:
            _record_other(store, intent.path, version_of(present))
    with store.durable() as connection:
        state = State.APPLIED if found in {Found.NEW, Found.TORN} else State.ABANDONED
        intents.close(connection, intent.revision, state)
    return Recovered(intent.path, intent.revision, found, settled=True, detail=details[found])


def _is_closed_soon(store: Store, intent: Intent) -> bool:
    """Whether the maker of ``intent`` is alive and closes it; a dead one's stays open."""
    give_up = time.monotonic() + _CLOSED_WITHIN
    while time.monotonic() < give_up:
        with store.reading() as connection:
            if not intents.is_open(connection, intent.revision):
                return True
        time.sleep(_PAUSE)
    return False


def _put_back(store: Store, intent: Intent, target: Target, present: bytes | None) -> bool:
    """An edit that came while the save was published, and that the crash kept from being put back."""
    if intent.old is None:
        return False

    def record(edit: bytes) -> None:
        _record_other(store, intent.path, version_of(edit))

    there = None if present is None else etag_of(present)
    return displaced.restore(target.place, there, etag_of(intent.old), etag_of(intent.new), record)


def _may_be_ours(intent: Intent, target: Target) -> bool:
    """Only a save in place can tear a file, and only the inode that it wrote to: anything else is somebody's edit.

    The inode alone, for a device number may change with a boot.
    """
    if intent.route != Route.OVERWRITE or target.facts is None:
        return False
    return intent.identity is None or target.facts.ino == intent.identity[1]


def _bring_to_disk(intent: Intent, target: Target, present: bytes | None) -> None:
    """Flush what is there; where it was written in place, write it again first, if nobody is disturbed by that.

    After a flush that failed a bare one says "ok" for bytes that are not on the disk.
    """
    if intent.route == Route.OVERWRITE and present is not None and target.refusal is None:
        with suppress(TargetBusy):
            overwrite(target, present, present, on_busy=OnBusy.REFUSE)
    flush(target)


def _is_known(store: Store, path: str, present: bytes | None) -> bool:
    with store.reading() as connection:
        return present is not None and revisions.knows(connection, path, etag_of(present))


def _record_torn(store: Store, intent: Intent, present: Version) -> None:
    """Durably, before it is written over; as abandoned, for it never was anybody's content of the file."""
    with store.durable() as connection:
        if not revisions.knows(connection, intent.path, present.etag, State.ABANDONED):
            file = revisions.ensure_file(connection, intent.path)
            revisions.add(connection, file, present, State.ABANDONED, _HALF_WRITTEN)


def _record_other(store: Store, path: str, present: Version) -> None:
    with store.durable() as connection:
        revisions.note(connection, revisions.ensure_file(connection, path), present)


def classify(present: bytes | None, intent: Intent, *, known: bool) -> Found:
    """Which of the four ``present`` is. ``known``: it is a content the file had earlier (a restored snapshot)."""
    if present == intent.new:
        return Found.NEW
    if present == intent.old:
        return Found.OLD
    if present is None or intent.old is None or known:
        return Found.OTHER
    return Found.TORN if _is_torn(present, intent.old, intent.new) else Found.OTHER


def _is_torn(present: bytes, old: bytes, new: bytes) -> bool:
    """A length between the two, and every byte that of old, of new, or zero (a hole, after a second crash)."""
    shortest, longest = sorted((len(old), len(new)))
    if not shortest <= len(present) <= longest:
        return False
    pairs = zip_longest(old[: len(present)], new[: len(present)], fillvalue=0)
    return all(byte in (was, becomes, 0) for byte, (was, becomes) in zip(present, pairs, strict=False))
