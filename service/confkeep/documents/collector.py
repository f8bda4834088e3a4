"""Python's garbage collector, kept from walking through trees that it cannot free."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextlib.contextmanager
def paused() -> Generator[None]:
    """No collection while a document's nodes are made and compared.

    They hold no cycles, but each few thousand of them set off a walk through all that are there: of an edit of 1 MB,
    that was 45 % of the time. Threads that overlap end with the collector on, if it was.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
