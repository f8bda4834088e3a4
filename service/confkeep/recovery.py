"""The other half of the transaction: what a crash left open.

Decided by content alone: the target is **new**, **old**, **torn**, or **other** (somebody else's bytes, which are
never overwritten). A second crash anywhere in here gives the same result.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Protocol

from confkeep.errors import ConfkeepError, NotFound, TargetBusy
from confkeep.etag import Version, etag_of, version_of
from confkeep.files import displaced, leftovers, mounts
from confkeep.files.flush import flush
from confkeep.files.metadata import NotReproducible
from confkeep.files.overwrite import overwrite
from confkeep.files.place import resolve
from confkeep.files.read import Whole, read_attributes, read_from_disk
from confkeep.files.removal import bring_back, remove
from confkeep.files.replace import Displaced, stage
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


class Locks(Protocol):
    """Hold the locks of all these places."""

    def __call__(self, *places: Place) -> AbstractContextManager[None]:
        """Inside the ``with``. Raises TargetBusy, JournalUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """``is_alone``: no other process uses the store.

    One that lives closes its intents within a second after its save: until then the file may have been edited again,
    and that must not look like a save that was torn by a crash.
    """

    store: Store
    locks: Locks
    is_alone: Callable[[], bool]


def recover(tools: Tools) -> list[Recovered]:
    """Settle every open intent, oldest first, each batch under the locks of its targets.

    What can be read after kill -9 may not be on the disk yet: from here on it is, so that answers may rest on it.
    """
    tools.store.make_durable()
    with tools.store.reading() as connection:
        pending = intents.unsettled(connection)
    done: list[Recovered] = []
    for batch in sorted({intent.batch for intent in pending}):
        done += _recover(tools, [intent for intent in pending if intent.batch == batch])
    return done


def _recover(tools: Tools, batch: list[Intent]) -> list[Recovered]:
    try:
        return settle_batch(tools, batch, [])
    except (ConfkeepError, OSError) as error:
        return [Recovered(intent.path, intent.revision, None, settled=False, detail=str(error)) for intent in batch]


def settle(tools: Tools, places: list[Place]) -> None:
    """Settle what is open of the files at ``places``, whose locks are not held: a batch may need those of other files.

    Raises ConfkeepError or OSError when a target cannot be looked at or repaired now; the intents stay.
    """
    for batch in pending(tools.store, places):
        settle_batch(tools, batch, places)


def pending(store: Store, places: list[Place]) -> list[list[Intent]]:
    """The batches with open intents of these files, by these names or by other names of their inodes."""
    with store.looking() as connection:
        numbers = [
            number for place in places for number in intents.numbers_of(connection, place.path, _identity(place))
        ]
        return intents.batches_of(connection, (each for each in numbers if not store.is_about_to_close(each)))


def settle_batch(tools: Tools, batch: list[Intent], places: list[Place]) -> list[Recovered]:
    """Settle these intents. ``places`` are open already; the others are found by their paths."""
    with ExitStack() as stack:
        where = [_place_of(intent, places) or stack.enter_context(resolve(ANYWHERE, intent.path)) for intent in batch]
        with tools.locks(*where):
            with tools.store.looking() as connection:
                left = [intent for intent in batch if intents.is_open(connection, intent.revision)]
            if len(left) < len(batch):
                return [
                    Recovered(each.path, each.revision, None, settled=True, detail="settled meanwhile")
                    for each in batch
                ]
            for intent, place in zip(batch, where, strict=True):
                if place.path != intent.path and _identity(place) != intent.identity:
                    raise NotFound(f"{intent.path}: its name leads elsewhere now", remedy="put the file back")
            return settle_held(tools, list(zip(batch, where, strict=True)))


def _place_of(intent: Intent, places: list[Place]) -> Place | None:
    """One of ``places`` that is the intent's, by its name; or by another name of its inode, where its own is gone."""
    named = [place for place in places if place.path == intent.path]
    if named or intent.identity is None or intent.route != Route.OVERWRITE or os.path.lexists(intent.path):
        return next(iter(named), None)
    return next((place for place in places if _identity(place) == intent.identity), None)


def _identity(place: Place) -> tuple[int, int] | None:
    found = mounts.facts_at(place.parent, place.name)
    return None if found is None else (found.dev, found.ino)


def settle_held(tools: Tools, members: list[tuple[Intent, Place]]) -> list[Recovered]:
    """Settle one batch, whose locks are held. Raises ConfkeepError or OSError: it stays open."""
    # A record that can be read after kill -9 may still not be on the disk; acting on it and then losing power would
    # leave a changed target without a promise.
    tools.store.make_durable()
    for _ in range(_ATTEMPTS):
        with ExitStack() as stack:
            targets = [(intent, stack.enter_context(look(place))) for intent, place in members]
            try:
                return _settle(tools, targets)
            except Changed:
                continue
            except Unsettled as error:
                raise error.cause from error
    raise TargetBusy(f"{members[0][0].path} keeps changing while it is being repaired", remedy="try again")


@dataclass(frozen=True, slots=True)
class _Seen:
    """One target of a batch, and what is in it."""

    intent: Intent
    target: Target
    present: bytes | None
    found: Found


def _settle(tools: Tools, targets: list[tuple[Intent, Target]]) -> list[Recovered]:
    store = tools.store
    seen = [_see(store, intent, target) for intent, target in targets]
    kinds = {each.found for each in seen}
    for each in seen:
        if each.found is Found.TORN and each.target.refusal:
            raise each.target.refusal
    first = seen[0].intent
    doubtful = kinds & {Found.TORN, Found.OTHER} and not first.back
    if doubtful and not tools.is_alone() and _is_closed_soon(store, first):
        return [_recovered(each, None, "settled meanwhile") for each in seen]
    results = [_finish(store, each, _becomes(each, kinds)) for each in seen]
    with store.durable() as connection:
        for each, (_, state) in zip(seen, results, strict=True):
            intents.close(connection, each.intent.revision, state)
    return [_recovered(each, each.found, detail) for each, (detail, _) in zip(seen, results, strict=True)]


def _recovered(seen: _Seen, found: Found | None, detail: str) -> Recovered:
    return Recovered(seen.intent.path, seen.intent.revision, found, settled=True, detail=detail)


def _see(store: Store, intent: Intent, target: Target) -> _Seen:
    present = None if target.facts is None else read_from_disk(target)
    if _put_back(store, intent, target, present):
        raise Changed
    found = classify(present, intent, known=_is_known(store, intent.path, present))
    if found is Found.TORN and not _may_be_ours(intent, target):
        found = Found.OTHER
    return _Seen(intent, target, present, found)


def _becomes(seen: _Seen, kinds: set[Found]) -> Found | None:
    """What is to be written to a target, the old or the new content; None: nothing.

    A batch that was under way is completed, unless it had not begun anywhere, or somebody else wrote one of its files
    since: then only what is torn is repaired. One that is being undone is undone, but for what somebody else wrote.
    """
    if seen.intent.back:
        return Found.OLD if seen.found in {Found.NEW, Found.TORN} else None
    if seen.found is Found.TORN:
        return Found.NEW
    mixed = kinds & {Found.NEW, Found.TORN} and Found.OTHER not in kinds
    return Found.NEW if seen.found is Found.OLD and mixed else None


_DETAILS: Final = {
    Found.NEW: "the save was complete",
    Found.OLD: "the save had not begun; its content is kept as an abandoned revision",
    Found.TORN: "the save was half done and has been completed",
    Found.OTHER: "somebody else wrote the file since: it was not touched; the save is an abandoned revision",
}


def _finish(store: Store, seen: _Seen, becomes: Found | None) -> tuple[str, State]:
    """Bring one target to where it belongs, and to the disk. What became of it, for people and for the history."""
    if becomes is None:
        _bring_to_disk(seen.intent, seen.target, seen.present)
        if seen.found is Found.OTHER and seen.present is not None:
            _record_other(store, seen.intent.path, version_of(seen.present))
        applied = seen.found is Found.NEW and not seen.intent.back
        return _DETAILS[seen.found], State.APPLIED if applied else State.ABANDONED
    if seen.found is Found.TORN and seen.present is not None:
        _record_torn(store, seen.intent, version_of(seen.present))
    try:
        _write(store, seen, seen.intent.new if becomes is Found.NEW else seen.intent.old)
    except Displaced as edit:
        displaced.keep(seen.target.place.parent, edit.name, _recorder(store, seen.intent))
        raise
    if becomes is Found.OLD:
        return "the save failed with others that belong to it, and has been undone", State.ABANDONED
    detail = _DETAILS[Found.TORN] if seen.found is Found.TORN else "the saves that belong to it were done: so is it now"
    return detail, State.APPLIED


def _write(store: Store, seen: _Seen, content: bytes | None) -> None:
    """By the way of a save, which compares again. Raises Changed, ConfkeepError, Unsettled."""
    target, present = seen.target, seen.present
    if target.refusal:
        raise target.refusal
    if content is None:
        remove(target, version_of(present or b""))
    elif present is None:
        _create(seen, content)
    elif seen.intent.route == Route.OVERWRITE or target.choice is None or target.choice.name is Route.OVERWRITE:
        _overwrite(store, seen, present, content)
    else:
        try:
            stage(target, version_of(content), Whole(version_of(present), read_attributes(target))).publish()
        except NotReproducible:
            _overwrite(store, seen, present, content)


def _create(seen: _Seen, content: bytes) -> None:
    """A removal that is undone gives back the very file, if it is still there; else it is closed to others."""
    if not seen.intent.back:
        stage(seen.target, version_of(content), None).publish()
    elif not bring_back(seen.target.place, etag_of(content)):
        stage(seen.target, version_of(content), None, private=True).publish()


def _overwrite(store: Store, seen: _Seen, present: bytes, content: bytes) -> None:
    """What this may leave torn must be known as that to the next recovery."""
    intent, identity = seen.intent, seen.target.identity
    if intent.route != Route.OVERWRITE or intent.identity != identity:
        with store.durable() as connection:
            intents.take_other_route(connection, intent.revision, Route.OVERWRITE.value, identity)
    overwrite(seen.target, present, content)


def _is_closed_soon(store: Store, intent: Intent) -> bool:
    """Whether the maker of ``intent`` is alive and closes it; a dead one's stays open."""
    give_up = time.monotonic() + _CLOSED_WITHIN
    while time.monotonic() < give_up:
        with store.reading() as connection:
            if not intents.is_open(connection, intent.revision):
                return True
        time.sleep(_PAUSE)
    return False


def _etag(content: bytes | None) -> str:
    return leftovers.NOTHING if content is None else etag_of(content)


def _put_back(store: Store, intent: Intent, target: Target, present: bytes | None) -> bool:
    """An edit that came while the save was published, or undone, and that the crash kept from being put back."""
    there = None if present is None else etag_of(present)
    steps = [] if intent.old is None else [(intent.old, intent.new)]
    if intent.back and intent.new is not None:
        steps.append((intent.new, intent.old))
    record = _recorder(store, intent)
    changed = [displaced.restore(target.place, there, etag_of(was), _etag(becomes), record) for was, becomes in steps]
    return any(changed)


def _recorder(store: Store, intent: Intent) -> Callable[[bytes], None]:
    def record(edit: bytes) -> None:
        _record_other(store, intent.path, version_of(edit))

    return record


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
    if present is None or intent.old is None or intent.new is None or known:
        return Found.OTHER
    return Found.TORN if _is_torn(present, intent.old, intent.new) else Found.OTHER


def _is_torn(present: bytes, old: bytes, new: bytes) -> bool:
    """A length between the two, and every byte that of old, of new, or zero (a hole, after a second crash)."""
    shortest, longest = sorted((len(old), len(new)))
    if not shortest <= len(present) <= longest:
        return False
    pairs = zip_longest(old[: len(present)], new[: len(present)], fillvalue=0)
    return all(byte in (was, becomes, 0) for byte, (was, becomes) in zip(present, pairs, strict=False))
