"""Broken protocols: each leaves out one thing that a power cut asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from confkeep import recovery
from confkeep.files import overwrite, replace, temporary
from confkeep.history import intents
from confkeep.history.revisions import State
from confkeep.history.store import Store
from confkeep.writing import Writing
from tests.support.faults import FLUSHES

if TYPE_CHECKING:
    import pytest

    from confkeep.recovery import Found


def _nothing(*_: object, **__: object) -> None:
    """Not done."""


class _Deaf:
    """As os, but for fsync."""

    def __getattr__(self, name: str) -> object:
        return _nothing if name == "fsync" else getattr(os, name)


def no_flush_of_the_temporary_file(patch: pytest.MonkeyPatch) -> None:
    """Rename what may not be on the disk."""
    patch.setattr(replace, "os", _Deaf())


def no_flush_of_the_directory(patch: pytest.MonkeyPatch) -> None:
    """Rename, and answer before that is on the disk."""
    patch.setattr(temporary, "sync_directory", _nothing)


def no_flush_of_the_target(patch: pytest.MonkeyPatch) -> None:
    """Write in place, and answer before that is on the disk."""
    patch.setattr(overwrite, "_flush", _nothing)


def a_promise_that_is_not_flushed(patch: pytest.MonkeyPatch) -> None:
    """Commit without a flush: readable at once, durable later."""
    patch.setattr(Store, "durable", Store.soon)


def closed_before_the_flush(patch: pytest.MonkeyPatch) -> None:
    """Close the intent durably when the bytes are in the page cache, and flush the target afterwards."""
    write = Writing.write
    flush = overwrite._flush  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    under_way: list[Writing] = []

    def close_first(*arguments: Any) -> None:
        writing = under_way[-1]
        with writing.store.durable() as connection:
            assert writing.revision is not None
            intents.close(connection, writing.revision, State.APPLIED)
        flush(*arguments)

    def watched(self: Writing) -> object:
        under_way.append(self)
        return write(self)

    patch.setattr(overwrite, "_flush", close_first)
    patch.setattr(Writing, "write", watched)


def recovery_without_a_flush(patch: pytest.MonkeyPatch) -> None:
    """Close an intent on what the page cache shows."""
    patch.setattr(overwrite, "_flush", _nothing)
    patch.setattr(recovery, "flush", _nothing)


def each_file_by_itself(patch: pytest.MonkeyPatch) -> None:
    """Recover a file of a transaction without a look at the others."""
    becomes = recovery._becomes  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

    def alone(seen: Any, kinds: object) -> Found | None:  # noqa: ANN401 - passed on
        return becomes(seen, {seen.found})

    patch.setattr(recovery, "_becomes", alone)


def a_flush_that_is_tried_again(patch: pytest.MonkeyPatch) -> None:
    """Believe the second fsync: it says "ok" for what the first one has lost."""
    fsync = os.fsync

    def twice(fd: int) -> None:
        try:
            fsync(fd)
        except OSError:
            fsync(fd)

    for call in FLUSHES:
        patch.setattr(os, call, twice)


#: Saves of these kinds must be found out by a power cut.
SAVING = [
    no_flush_of_the_temporary_file,
    no_flush_of_the_directory,
    no_flush_of_the_target,
    a_promise_that_is_not_flushed,
    closed_before_the_flush,
]
#: Recoveries of these kinds must be found out by what they leave, or by a second power cut.
RECOVERING = [recovery_without_a_flush, each_file_by_itself]
