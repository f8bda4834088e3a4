"""Checks of what a save guarantees. Each says what is wrong, in words: nothing, as long as the protocol is whole."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from confkeep import writing
from confkeep.documents.check import Validate
from confkeep.errors import ConfkeepError
from confkeep.expect import ABSENT
from confkeep.files import lease
from confkeep.history.store import Store
from confkeep.keeper import Keeper, Request
from tests.support.faults import FLUSHES
from tests.support.saving import NEW, OLD, Bench, only, open_intents, promise, recorded, save

if TYPE_CHECKING:
    import sqlite3
    from contextlib import AbstractContextManager

    import pytest


class Killed(BaseException):
    """kill -9: nothing that comes after it has an effect."""


def killed_while_writing(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Killed after half of the bytes: after recovery the file is whole."""
    pwrite = os.pwrite

    def half(fd: int, data: bytes, offset: int) -> int:
        pwrite(fd, data[: len(data) // 2], offset)
        raise Killed

    with one.keeper() as keeper:
        with patch.context() as context, contextlib.suppress(Killed):
            context.setattr(os, "pwrite", half)
            context.setattr(os, "ftruncate", half)
            save(keeper, one)
        present = one.path.read_bytes()
        keeper.recover()
    return [] if one.path.read_bytes() in {OLD, NEW} else [f"left torn: {present!r}"]


def edit_at_the_lease(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Another program saves just before the lease is taken: its bytes stay."""
    take = lease.take

    def after_an_edit(fd: int, wait: float) -> lease.Lease | lease.NoLease:
        one.path.write_bytes(b"by: hand\n")
        return take(fd, wait)

    patch.setattr(lease, "take", after_an_edit)
    return _edit_survives(one)


def edit_before_the_rename(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Another program saves after the promise: its bytes stay."""
    real = writing.Writing.promise

    def before_an_edit(self: writing.Writing, author: Any) -> None:  # noqa: ANN401 - passed on
        real(self, author)
        one.path.write_bytes(b"by: hand\n")

    patch.setattr(writing.Writing, "promise", before_an_edit)
    return _edit_survives(one)


def _edit_survives(one: Bench) -> list[str]:
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        save(keeper, one, expect=only(OLD))
    return [] if one.path.read_bytes() == b"by: hand\n" else ["overwrote an edit"]


def file_that_came(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Somebody creates the file that we are about to create: theirs stays."""
    real = writing.Writing.promise

    def before_it_comes(self: writing.Writing, author: Any) -> None:  # noqa: ANN401 - passed on
        real(self, author)
        (one.directory / "new.yaml").write_bytes(b"by: hand\n")

    patch.setattr(writing.Writing, "promise", before_it_comes)
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        keeper.save(one.root, "new.yaml", Request(NEW, ABSENT))
    return [] if (one.directory / "new.yaml").read_bytes() == b"by: hand\n" else ["clobbered a file"]


def another_saver(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """While a save is under way no other gets as far as the file."""
    real = writing.Writing.promise
    wrong: list[str] = []

    def beside_another(self: writing.Writing, author: Any) -> None:  # noqa: ANN401 - passed on
        patch.setattr(writing.Writing, "promise", real)
        real(self, author)
        with Keeper(one.state) as other, contextlib.suppress(ConfkeepError):
            save(other, one, b"x: 1\n")
            wrong.append("two saves of one file at once")

    patch.setattr("confkeep.keeper._LOCK_WAIT", 0.0)
    patch.setattr(writing.Writing, "promise", beside_another)
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        save(keeper, one)
    return wrong


def _crashed(keeper: Keeper, one: Bench, present: bytes) -> None:
    promise(keeper, one.path)
    one.path.write_bytes(present)


def edit_after_a_crash(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Somebody wrote the file between the crash and the start: recovery leaves it."""
    with one.keeper() as keeper:
        _crashed(keeper, one, b"by: hand\n")
        keeper.recover()
    return [] if one.path.read_bytes() == b"by: hand\n" else ["recovery overwrote an edit"]


def repair(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """A repair: its record is durable first, what it replaces is in the history, the file is flushed before the end."""
    torn = NEW[:5] + OLD[5:]
    with one.keeper() as keeper:
        _crashed(keeper, one, torn)
        seen = _watch_repair(one, patch)
        keeper.recover()
        wrong = {
            "acted on a record that may not be on the disk": seen[:1] != ["durable"],
            "closed without a flush": seen[-1:] != ["flushed"],
            "lost what it replaced": torn not in [content for _, content in recorded(keeper, one)],
            "left the intent open": open_intents(keeper) != 0,
        }
    return [what for what, is_so in wrong.items() if is_so]


def _watch_repair(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    fsync, pwrite, make_durable, durable = os.fsync, os.pwrite, Store.make_durable, Store.durable
    seen: list[str] = []
    commits: list[Store] = []

    def counted(store: Store) -> AbstractContextManager[sqlite3.Connection]:
        commits.append(store)
        return durable(store)

    def flushed_log(store: Store) -> None:
        before = len(commits)
        make_durable(store)
        seen.extend(["durable"] * (len(commits) > before))

    def written(fd: int, data: bytes, offset: int) -> int:
        if os.path.samestat(os.fstat(fd), one.path.stat()):
            seen.append("written")
        return pwrite(fd, data, offset)

    def flushed(fd: int) -> None:
        if os.path.samestat(os.fstat(fd), one.path.stat()):
            seen.append("flushed")
        fsync(fd)

    patch.setattr(Store, "durable", counted)
    patch.setattr(Store, "make_durable", flushed_log)
    patch.setattr(os, "pwrite", written)
    for call in FLUSHES:
        patch.setattr(os, call, flushed)
    return seen


READ = """
import sys
torn = 0
print("reading", flush=True)
while True:
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    if data == b"stop":
        break
    torn += len(data) < 2 or len(set(data)) > 1
print(torn)
"""


def readers(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """A reader beside 200 saves of changing size sees whole files only."""
    with subprocess.Popen(
        [sys.executable, "-c", READ, os.fspath(one.path)], stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        one.path.write_bytes(b"bbb")
        reader.stdout.readline()
        with one.keeper() as keeper:
            for number in range(200):
                size = 100_000 if number % 2 else 70_000
                save(keeper, one, bytes([97 + number % 26]) * size, validate=Validate.OFF)
            save(keeper, one, b"stop", validate=Validate.OFF)
        torn = int(reader.stdout.read())
    return [f"{torn} torn reads"] * bool(torn)


def disk_fails(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """The disk fails in the middle: "the old content is intact" is true."""
    pwrite, calls = os.pwrite, [0]

    def once(fd: int, data: bytes, offset: int) -> int:
        calls[0] += 1
        if calls[0] == 1:
            pwrite(fd, data[:5], offset)
            raise OSError(errno.EIO, "Input/output error")
        return pwrite(fd, data, offset)

    patch.setattr(os, "pwrite", once)
    with one.keeper() as keeper, contextlib.suppress(ConfkeepError):
        save(keeper, one)
    return [] if one.path.read_bytes() == OLD else ["the old content is not intact"]
