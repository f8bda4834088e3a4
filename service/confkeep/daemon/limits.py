"""Descriptors: as many as we may have, and never all of them for connections, for a save needs some too."""

from __future__ import annotations

import logging
import os
import resource
import time
from collections import Counter
from typing import Final

#: Descriptors that are asked for; each one in use costs the kernel memory, so "as many as there are" is no good answer.
_WANTED: Final = 65536
#: Connections that are always allowed, however few descriptors there are.
_LEAST: Final = 16
#: Seconds between two warnings.
_QUIET: Final = 60.0
_log: Final = logging.getLogger("confkeep")


def raise_open_files() -> None:
    """Raise the soft RLIMIT_NOFILE to the hard one, 65,536 at most; never lower it.

    The soft one is 1,024 by default for the sake of select(2), which we do not use (systemd.exec(5), "LimitNOFILE").
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, _WANTED)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Admission:
    """Counts open connections. They may have half of the descriptors together, and one user three quarters of those.

    The superuser and our own user count only in the total: they look after us. For the event loop's thread alone.
    """

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._open = Counter[int]()
        self._warned: float | None = None

    def enter(self, uid: int) -> bool:
        """Whether one more connection of ``uid`` has room; then it is counted until it leaves."""
        most = max(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2, _LEAST)
        if self._open.total() >= most:
            self._warn(f"there are {most} connections")
        elif uid not in {0, os.geteuid()} and self._open[uid] >= most * 3 // 4:
            self._warn(f"user {uid} has {most * 3 // 4} connections")
        else:
            self._open[uid] += 1
            return True
        return False

    def leave(self, uid: int) -> None:
        """One connection of ``uid`` that was counted is gone."""
        self._open[uid] -= 1
        if not self._open[uid]:
            del self._open[uid]

    def _warn(self, what: str) -> None:
        now = time.monotonic()
        if self._warned is None or now - self._warned >= _QUIET:
            self._warned = now
            _log.warning("%s, no more are taken: have them closed, or raise the limit of open files (ulimit -n)", what)
