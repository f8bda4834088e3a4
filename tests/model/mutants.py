"""The protocol broken on purpose. Each says which scenarios see it; caught at the first promise it breaks."""

from __future__ import annotations

import dataclasses
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from confkeep import recovery, transaction, writing
from confkeep.files import overwrite, removal, replace
from confkeep.history import intents
from confkeep.history.revisions import State
from confkeep.history.store import Store
from confkeep.recovery import Found
from tests import test_mutants as known
from tests.model.machine import FlushStore, Machine
from tests.support.faults import FLUSHES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Generator

    import pytest

    Break = Callable[[pytest.MonkeyPatch], None]

_SECTOR: Final = 512
_PLACE, _REPLACE = ("in place: grow",), ("replace: grow late",)
_EDITED_PLACE, _EDITED_REPLACE = ("in place: edited after the crash",), ("replace: edited meanwhile, rename",)


class Mutant:
    """``scenarios`` are those that see it."""

    def __init__(self, break_it: Break, *scenarios: str) -> None:
        self._break = break_it
        self.scenarios = scenarios
        self.name = break_it.__name__

    def __call__(self, patch: pytest.MonkeyPatch) -> None:
        """Break the protocol, as long as ``patch`` holds."""
        self._break(patch)


def _nothing(*_: object, **__: object) -> None:
    """Not done."""


def _yes(*_: object) -> bool:
    """Without looking."""
    return True


def no_journal(patch: pytest.MonkeyPatch) -> None:
    """Write, and promise nothing."""
    patch.setattr(writing.Writing, "promise", _nothing)


def promise_without_the_old_content(patch: pytest.MonkeyPatch) -> None:
    """What was there cannot be told from what somebody else wrote."""
    promise = intents.promise

    def forgetful(connection: sqlite3.Connection, wanted: intents.Promise, *rest: Any) -> int:
        return promise(connection, dataclasses.replace(wanted, old=None), *rest)

    patch.setattr(intents, "promise", forgetful)


def no_flush_of_files(patch: pytest.MonkeyPatch) -> None:
    """Neither targets nor temporary files."""
    _deaf(patch, directories=False)


def no_flush_of_directories(patch: pytest.MonkeyPatch) -> None:
    """Renames are left to the kernel."""
    _deaf(patch, directories=True)


def _deaf(patch: pytest.MonkeyPatch, *, directories: bool) -> None:
    fsync = os.fsync

    def deaf(fd: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{fd}") is not directories:
            fsync(fd)

    for call in FLUSHES:
        patch.setattr(os, call, deaf)


def log_not_flushed(patch: pytest.MonkeyPatch) -> None:
    """WAL with synchronous=NORMAL: commits are visible, and on the disk some time."""

    def unchanged(self: FlushStore, machine: Machine) -> Machine:
        return machine

    patch.setattr(FlushStore, "on", unchanged)


def closed_before_the_write(patch: pytest.MonkeyPatch) -> None:
    """The intent is durably closed as soon as it could be."""
    write = writing.Writing.write

    def early(self: writing.Writing) -> Any:  # noqa: ANN401 - passed on
        _close(self)
        self.store.make_durable()
        return write(self)

    patch.setattr(writing.Writing, "write", early)


def closed_before_the_flush(patch: pytest.MonkeyPatch) -> None:
    """The deferred close is made before the bytes are on the disk; with luck it is not there either."""
    flush = overwrite._flush  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    writes: list[writing.Writing] = []
    write = writing.Writing.write

    def remembered(self: writing.Writing) -> Any:  # noqa: ANN401 - passed on
        writes.append(self)
        return write(self)

    def late(*arguments: Any) -> None:
        while writes:
            _close(writes.pop())
        flush(*arguments)

    patch.setattr(writing.Writing, "write", remembered)
    patch.setattr(overwrite, "_flush", late)


def _close(self: writing.Writing) -> None:
    if self.revision is not None:
        with self.store.soon() as connection:
            intents.close(connection, self.revision, State.APPLIED)


def torn_by_sectors(patch: pytest.MonkeyPatch) -> None:
    """A sector is old or new; but the end of a file is no sector."""

    def is_torn(present: bytes, old: bytes, new: bytes) -> bool:
        sides = [_sectors(side) for side in (old, new)]
        return all(
            sector in {bytes(len(sector)), *(side[at] for side in sides if at < len(side))}
            for at, sector in enumerate(_sectors(present))
        )

    patch.setattr(recovery, "_is_torn", is_torn)


def _sectors(data: bytes) -> list[bytes]:
    return [data[at : at + _SECTOR] for at in range(0, len(data), _SECTOR)]


def any_inode(patch: pytest.MonkeyPatch) -> None:
    """What looks torn was torn by us, whichever file it is."""
    patch.setattr(recovery, "_may_be_ours", _yes)


def roll_back_on_conflict(patch: pytest.MonkeyPatch) -> None:
    """What is neither old nor new is made old again."""
    classify = recovery.classify

    def old_again(present: bytes | None, intent: intents.Intent, *, known: bool) -> Found:
        found = classify(present, intent, known=known)
        if found is Found.OTHER and intent.old is not None:
            fd = os.open(intent.path, os.O_RDWR | os.O_CREAT)
            os.ftruncate(fd, len(intent.old))
            os.pwrite(fd, intent.old, 0)
            os.fsync(fd)
            os.close(fd)
            return Found.OLD
        return found

    patch.setattr(recovery, "classify", old_again)


def settled_without_a_flush(patch: pytest.MonkeyPatch) -> None:
    """Recovery closes what looks complete; the page cache has it, the disk perhaps not."""
    patch.setattr(recovery, "_bring_to_disk", _nothing)


def recorded_too_late(patch: pytest.MonkeyPatch) -> None:
    """What a repair writes over is recorded in memory only."""
    _while_recording(patch, lambda store, _: Store.soon(store))


def closed_before_the_repair(patch: pytest.MonkeyPatch) -> None:
    """The repair is taken for certain."""

    @contextmanager
    def closing(store: Store, intent: intents.Intent) -> Generator[sqlite3.Connection]:
        with Store.durable(store) as connection:
            yield connection
            intents.close(connection, intent.revision, State.APPLIED)

    _while_recording(patch, closing)


def _while_recording(patch: pytest.MonkeyPatch, transaction: Callable[[Store, intents.Intent], Any]) -> None:
    record = recovery._record_torn  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def recording(store: Store, intent: intents.Intent, *rest: Any) -> None:
        with patch.context() as inner:
            inner.setattr(store, "durable", lambda: transaction(store, intent))
            record(store, intent, *rest)

    patch.setattr(recovery, "_record_torn", recording)


def repair_without_compare(patch: pytest.MonkeyPatch) -> None:
    """Recovery believes what it read before it had the lease."""
    patch.setattr(overwrite.Turn, "compare", _nothing)


def not_put_back(patch: pytest.MonkeyPatch) -> None:
    """An edit that was displaced is said to be where it was."""
    patch.setattr(replace.Staged, "_put_back", _yes)


def put_back_without_a_flush(patch: pytest.MonkeyPatch) -> None:
    """The promise is withdrawn, and the power is cut off before the directory says so."""
    undo = replace.Staged._undo  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def unflushed(self: replace.Staged) -> None:
        with patch.context() as inner:
            _deaf(inner, directories=True)
            undo(self)

    patch.setattr(replace.Staged, "_undo", unflushed)


def each_for_itself(patch: pytest.MonkeyPatch) -> None:
    """Nothing says which saves belong together."""
    promise = intents.promise

    def alone(connection: sqlite3.Connection, wanted: intents.Promise, batch: int | None = None) -> int:
        return promise(connection, wanted)

    patch.setattr(intents, "promise", alone)


def withdrawn_too_late(patch: pytest.MonkeyPatch) -> None:
    """What is said to have failed is withdrawn in memory only."""
    undo = transaction._undo  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def lightly(*arguments: Any, **named: Any) -> None:
        with patch.context() as inner:
            inner.setattr(Store, "durable", Store.soon)
            undo(*arguments, **named)

    patch.setattr(transaction, "_undo", lightly)


def absent_is_no_content(patch: pytest.MonkeyPatch) -> None:
    """Where nothing is, somebody has removed it."""
    classify = recovery.classify

    def somebody(present: bytes | None, intent: intents.Intent, *, known: bool) -> Found:
        return Found.OTHER if present is None else classify(present, intent, known=known)

    patch.setattr(recovery, "classify", somebody)


def removed_without_compare(patch: pytest.MonkeyPatch) -> None:
    """What was renamed away is believed to be what was to be removed."""
    patch.setattr(removal, "_holds", _yes)


MUTANTS: Final = [
    Mutant(no_journal, *_PLACE),
    Mutant(known.without_a_journal, *_PLACE),
    Mutant(promise_without_the_old_content, *_PLACE),
    Mutant(known.with_o_trunc, *_PLACE),
    Mutant(no_flush_of_files, *_PLACE),
    Mutant(known.rename_before_the_flush, *_REPLACE),
    Mutant(no_flush_of_directories, *_REPLACE),
    Mutant(log_not_flushed, *_PLACE),
    Mutant(closed_before_the_write, *_PLACE),
    Mutant(closed_before_the_flush, *_PLACE),
    Mutant(known.without_lock, "in place: recovery beside it"),
    Mutant(known.without_compare, "in place: edited meanwhile, in place"),
    Mutant(known.without_compare_before_rename, *_EDITED_REPLACE),
    Mutant(known.without_compare_after_the_exchange, *_EDITED_REPLACE),
    Mutant(not_put_back, *_EDITED_REPLACE),
    Mutant(put_back_without_a_flush, *_EDITED_REPLACE),
    Mutant(known.sweep_of_everything, *_EDITED_REPLACE),
    Mutant(known.recovery_without_restoring, *_EDITED_REPLACE),
    Mutant(known.create_by_rename, "create, while somebody else does"),
    Mutant(known.blind_redo, *_EDITED_PLACE),
    Mutant(roll_back_on_conflict, *_EDITED_PLACE),
    Mutant(any_inode, *_EDITED_PLACE),
    Mutant(torn_by_sectors, *_PLACE),
    Mutant(settled_without_a_flush, *_PLACE),
    Mutant(known.repair_on_a_mere_record, "in place: torn again"),
    Mutant(known.repair_without_recording, *_PLACE),
    Mutant(recorded_too_late, *_PLACE),
    Mutant(closed_before_the_repair, *_PLACE),
    Mutant(repair_without_compare, "in place: edited during the recovery"),
    Mutant(each_for_itself, "in place, together: two"),
    Mutant(withdrawn_too_late, "in place, together: refused, then done by hand"),
    Mutant(absent_is_no_content, "replace, together: one of four the same, one new, one gone"),
    Mutant(removed_without_compare, "remove, while it is edited"),
]
