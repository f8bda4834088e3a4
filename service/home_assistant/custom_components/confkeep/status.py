"""Which of the ways a save takes now."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING, NamedTuple

from .client import Interrupted, NotReached, Problem

if TYPE_CHECKING:
    from .client import Client


class Status(NamedTuple):
    """``hooked``: the editor's saves come by here."""

    client: Client
    hooked: bool

    def version(self) -> str | None:
        """confkeep's, None where it does not answer."""
        try:
            return str(self.client.ask("GET", "/v1").json()["version"])
        except (NotReached, Interrupted, Problem, KeyError):
            return None

    def active(self) -> str:
        """In one word: ``service``, ``shim``, or Home Assistant by itself."""
        if self.hooked and self.version() is not None:
            return "service"
        return "shim" if shim_is_active() else "Home Assistant"


def shim_is_active() -> bool:
    """Whether the module ``atomicwrites`` is confkeep's: then the package ``confkeep`` lies beside it."""
    found = importlib.util.find_spec("atomicwrites")
    if found is None or found.origin is None:
        return False
    beside = os.path.dirname(os.path.dirname(found.origin))
    return os.path.exists(os.path.join(beside, "confkeep", "library", "saving.py"))
