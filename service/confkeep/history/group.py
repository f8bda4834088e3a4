"""Group commit: transactions of several threads that become durable by one flush.

The first to come begins the transaction and commits it when nobody else is on the way; those that come while an earlier
group is being flushed make up the next one. Nobody waits for company: who is alone commits at once.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

#: Those who have come wait no longer than this for others who are on the way (seconds).
_PATIENCE: Final = 0.01


class _Members:
    """One group; ``error``: why none of it was committed."""

    def __init__(self) -> None:
        self.committed = threading.Event()
        self.error: sqlite3.Error | None = None


class Hooks(Protocol):
    """What the owner of the connection does, under the lock."""

    def begin(self) -> None:
        """Begin a transaction that is flushed on commit."""

    def join(self) -> None:
        """Do what every transaction does first. Stays even if the member that caused it is undone."""

    def end(self, *, committed: bool) -> None:
        """The group is over."""


class Group:
    """Shares ``connection``, which ``lock`` guards: it is held inside of ``member``, and during the commit."""

    def __init__(self, connection: sqlite3.Connection, lock: threading.RLock, hooks: Hooks) -> None:
        self._connection = connection
        self._lock = lock
        self._hooks = hooks
        self._arrival = threading.Condition(lock)
        self._counting = threading.Lock()
        self._coming = 0
        self._members: _Members | None = None

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open that others may still join. To be asked under the lock."""
        return self._members is not None

    @contextmanager
    def member(self) -> Generator[sqlite3.Connection]:
        """One transaction; it is on the disk when the ``with`` ends. Not to be nested.

        Raises sqlite3.Error: nothing of it was done. An exception in the ``with`` undoes this member's part alone.
        """
        with self._counting:
            self._coming += 1
        with self._lock:
            leads = self._members is None
            try:
                members = self._joined()
                with nullcontext() if leads else self._part(members):
                    yield self._connection
            except BaseException:
                if leads:  # nobody else could join yet
                    self._end(committed=False)
                raise
            finally:
                with self._counting:
                    self._coming -= 1
                self._arrival.notify_all()
            if leads:
                self._commit(members)
        members.committed.wait()
        if members.error is not None:
            raise members.error

    def _joined(self) -> _Members:
        if self._members is None:
            self._hooks.begin()
            self._members = _Members()
        members = self._members
        try:
            self._hooks.join()
        except sqlite3.Error as error:
            members.error = error  # the leader finds it, and gives up
            raise
        return members

    @contextmanager
    def _part(self, members: _Members) -> Generator[None]:
        """What one member does, all or nothing; of the first, that is the transaction itself."""
        self._connection.execute("SAVEPOINT member")
        try:
            yield
            self._connection.execute("RELEASE member")
        except BaseException:
            self._undo(members)
            raise

    def _undo(self, members: _Members) -> None:
        """A full disk takes the whole transaction along (sqlite.org/lang_transaction.html, 3), and so all members."""
        try:
            self._connection.execute("ROLLBACK TO member")
            self._connection.execute("RELEASE member")
        except sqlite3.Error as error:
            members.error = error

    def _commit(self, members: _Members) -> None:
        try:
            self._arrival.wait_for(lambda: self._coming == 0 or members.error, timeout=_PATIENCE)
            if members.error is None:
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            members.error = error
        except BaseException:
            members.error = sqlite3.OperationalError("the thread that was to commit was interrupted")
            raise
        finally:
            self._end(committed=members.error is None)
            members.committed.set()

    def _end(self, *, committed: bool) -> None:
        self._members = None
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
        self._hooks.end(committed=committed)
