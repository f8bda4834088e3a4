"""``async with`` for what has ``with``: entered and left on a thread, so that the event loop waits for no disk."""

from __future__ import annotations

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
        from asyncio import to_thread

        return await to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End, on a thread."""
        from asyncio import to_thread

        await to_thread(self.__exit__, kind, error, traceback)
