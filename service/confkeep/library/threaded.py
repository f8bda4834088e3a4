"""``async with`` for what has ``with``: entered and left on a thread, so that the event loop waits for no disk."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")


class Threaded(ABC, Generic[T]):
    """A context manager, and an asynchronous one.

    A task that is cancelled while it is being left does not undo that: half a save is no save.
    """

    @abstractmethod
    def __enter__(self) -> T:
        """Begin."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, well or not."""

    async def __aenter__(self) -> T:
        """Begin, on a thread."""
        from asyncio import CancelledError, to_thread

        entry = _Entry(self)
        try:
            return await to_thread(entry.enter)
        except CancelledError as cancelled:
            entry.abandon(cancelled)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, on a thread."""
        from asyncio import to_thread

        await to_thread(self.__exit__, kind, error, traceback)


class _Entry(Generic[T]):
    """A task that is cancelled while it enters never leaves: then whoever comes second, thread or task, does."""

    def __init__(self, manager: Threaded[T]) -> None:
        self._manager = manager
        self._guard = threading.Lock()
        self._entered = False
        self._abandoned: BaseException | None = None

    def enter(self) -> T:
        """On the thread."""
        value = self._manager.__enter__()
        with self._guard:
            self._entered = True
            abandoned = self._abandoned
        if abandoned is not None:
            self._manager.__exit__(type(abandoned), abandoned, None)
        return value

    def abandon(self, error: BaseException) -> None:
        """Nobody waits for it any more."""
        with self._guard:
            self._abandoned = error
            entered = self._entered
        if entered:
            self._manager.__exit__(type(error), error, None)
