"""How long a document may keep a worker busy."""

from __future__ import annotations

import time


class Deadline:
    """``seconds`` of the calling thread's processor time, from now on."""

    def __init__(self, seconds: float) -> None:
        self._at = time.thread_time() + seconds

    def look(self) -> None:
        """Raise TimeoutError when it is over. Called between steps: a C parser cannot be interrupted."""
        if time.thread_time() > self._at:
            raise TimeoutError("the document takes too long")
