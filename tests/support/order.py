"""The order of a save's steps: the invariants I1 and I2, and flushes before what depends on them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from confkeep.files import syscalls
from confkeep.history import intents
from confkeep.history.store import Store
from tests.support.faults import FLUSHES
from tests.support.saving import Bench, save

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    import pytest

    from confkeep.history.revisions import State


def order(one: Bench, patch: pytest.MonkeyPatch) -> list[str]:
    """Changed only while promised (I1), closed only when flushed and whole (I2), renamed only what is on the disk."""
    watch = _Watch(one)
    patch.setattr(os, "open", watch.opened)
    patch.setattr(os, "pwrite", watch.change("pwrite"))
    patch.setattr(os, "ftruncate", watch.change("ftruncate"))
    for call in FLUSHES:
        patch.setattr(os, call, watch.flushed)
    patch.setattr(syscalls, "rename_exchange", watch.exchanged)
    patch.setattr(intents, "close", watch.closed)
    with one.keeper() as keeper:
        save(keeper, one)
    return watch.wrong


class _Watch:
    """Does what it is asked to, and remembers what is not on the disk."""

    def __init__(self, one: Bench) -> None:
        self.one = one
        self.wrong: list[str] = []
        self.unflushed: set[int] = set()
        self.real: dict[str, Callable[..., Any]] = {
            name: getattr(os, name) for name in ("open", "pwrite", "ftruncate", "fsync")
        }
        self.close = intents.close
        self.exchange = syscalls.rename_exchange

    def promised(self) -> bool:
        """Whether another connection sees an open intent."""
        store = Store(self.one.state)
        with store.reading() as connection:
            found = bool(intents.unsettled(connection))
        store.close()
        return found

    def change(self, name: str) -> Callable[..., Any]:
        """A call that changes a file by its descriptor."""

        def changed(fd: int, *rest: Any) -> Any:  # noqa: ANN401 - stands for any call
            found = os.fstat(fd)
            if os.path.samestat(found, self.one.path.stat()) and not self.promised():
                self.wrong.append(f"{name} of the target without a promise")
            self.unflushed.add(found.st_ino)
            return self.real[name](fd, *rest)

        return changed

    def opened(self, path: str | bytes, flags: int, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as os.open
        if flags & os.O_TRUNC:
            self.wrong.append("opened with O_TRUNC")
        return self.real["open"](path, flags, *rest, **named)

    def flushed(self, fd: int) -> None:
        self.unflushed.discard(os.fstat(fd).st_ino)
        self.real["fsync"](fd)

    def exchanged(self, directory: int, source: str, target: str) -> None:
        if not self.promised():
            self.wrong.append("published without a promise")
        if os.stat(source, dir_fd=directory).st_ino in self.unflushed:
            self.wrong.append("published a file that is not on the disk")
        self.unflushed.add(os.fstat(directory).st_ino)
        self.exchange(directory, source, target)

    def closed(self, connection: sqlite3.Connection, revision: int, state: State) -> None:
        if self.unflushed & {self.one.path.stat().st_ino, self.one.directory.stat().st_ino}:
            self.wrong.append("closed the intent before the flush")
        self.close(connection, revision, state)
