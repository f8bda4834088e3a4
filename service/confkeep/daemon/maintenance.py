"""When the history is looked after: each hour, and after so many saves; on a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError
from confkeep.history.upkeep import upkeep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkeep.history.retention import Policy
    from confkeep.history.store import Store

_log: Final = logging.getLogger("confkeep")
_HOUR: Final = 3600.0
_SAVES: Final = 500


class Maintenance:
    """Looks after ``store``; ``policies`` by the path of each root. Close it before the store."""

    def __init__(self, store: Store, policies: Mapping[str, Policy]) -> None:
        """Nothing is done before ``start``, and then not before the first hour or so many saves."""
        self._store = store
        self._policies = policies
        self._saves = 0
        self._due = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="confkeep-upkeep", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def keep(self, policies: Mapping[str, Policy]) -> None:
        """From the next time on."""
        self._policies = policies

    def saved(self) -> None:
        """There was a save. How many there were need not be exact."""
        self._saves += 1
        if self._saves >= _SAVES:
            self._due.set()

    def close(self) -> None:
        """End after the step that is under way."""
        self._closing.set()
        self._due.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._due.wait(_HOUR)
            self._due.clear()
            self._saves = 0
            if not self._closing.is_set():
                self._look_after()

    def _look_after(self) -> None:
        policies = {os.path.realpath(path): policy for path, policy in self._policies.items()}
        try:
            done = upkeep(self._store, policies, self._closing.wait)
        except (ConfkeepError, OSError) as error:
            _log.warning("the history could not be looked after: %s", error)
            return
        if done.pruned:
            _log.info("%d revisions that the settings do not keep were taken away", done.pruned)
