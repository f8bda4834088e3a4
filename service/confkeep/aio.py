"""The library for asyncio: the same calls on a worker thread, so that the event loop waits for no disk.

``confkeep.file`` and ``confkeep.folder`` are here as well: they work with ``async with`` as they are. A save that has
begun is done even when the task that awaits it is cancelled: half a save is no save.
"""

from __future__ import annotations

from asyncio import to_thread
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from confkeep.library.file import file
from confkeep.library.folder import folder
from confkeep.library.inspecting import inspect as _inspect
from confkeep.library.saving import save as _save

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["file", "folder", "inspect", "save"]

P = ParamSpec("P")
T = TypeVar("T")


def _on_a_thread(call: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    @wraps(call)
    async def called(*args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread(call, *args, **kwargs)

    return called


save = _on_a_thread(_save)
inspect = _on_a_thread(_inspect)
