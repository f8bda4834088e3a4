"""Python's garbage collector, kept from walking through trees that it cannot free."""

from __future__ import annotations

import contextlib
import gc
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator


class _Pauses:
    """How many threads are in one, and whether the first of them found the collector on."""

    def __init__(self) -> None:
        self.lock: Final = threading.Lock()
        self.running = 0
        self.was_on = False


_PAUSES: Final = _Pauses()


@contextlib.contextmanager
def paused() -> Generator[None]:
    """No collection while a document's nodes are made and compared.

    They hold no cycles, but each few thousand of them set off a walk through all that are there: of an edit of 1 MB,
    that was 45 % of the time. The collector is one for all threads: the first pause stops it, the last one that ends
    starts it again, if it was on.
    """
    with _PAUSES.lock:
        if not _PAUSES.running:
            _PAUSES.was_on = gc.isenabled()
            gc.disable()
        _PAUSES.running += 1
    try:
        yield
    finally:
        with _PAUSES.lock:
            _PAUSES.running -= 1
            if not _PAUSES.running and _PAUSES.was_on:
                gc.enable()
