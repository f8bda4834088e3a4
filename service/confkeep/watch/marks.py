"""Which files something happened to, and when to look at each: a burst is looked at once, when it is over."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

#: Seconds of quiet before a look. A writer that has closed the file, or renamed it there, is done; one that has it open
#: still may be in the middle of it.
_QUIET: Final = 0.03
_OPEN: Final = 0.3
#: Seconds after which a file that never comes to rest is looked at all the same.
_LONGEST: Final = 0.6
#: Seconds for which a file has to be gone before it counts as removed: many editors move the old one away first.
_GONE: Final = 0.25
#: Seconds before another try of what cannot be looked at now, at first and at most.
_RETRY: Final = 0.05
_RETRY_MOST: Final = 10.0


@dataclass(slots=True)
class Mark:
    """``silent``: nothing is told of a file that was never seen before. ``gone``: it was not there at the last look."""

    first: float
    due: float
    silent: bool = False
    gone: bool = False
    tries: int = 0


class Marks:
    """The files that are to be looked at, by path."""

    def __init__(self) -> None:
        self._marks: dict[str, Mark] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._marks)

    def add(self, path: str, *, closed: bool = True, silent: bool = False) -> None:
        """Something happened to ``path``; ``closed``: who did it is done."""
        now = time.monotonic()
        due = now + (_QUIET if closed else _OPEN)
        mark = self._marks.get(path)
        if mark is None:
            self._marks[path] = Mark(now, due, silent)
        else:
            mark.due = min(due, mark.first + _LONGEST)
            mark.gone = False
            mark.silent &= silent

    def take(self, most: int) -> list[tuple[str, Mark]]:
        """At most so many of those that are due; they are marked no longer."""
        now = time.monotonic()
        found: list[str] = []
        for path, mark in self._marks.items():
            if mark.due <= now:
                found.append(path)
                if len(found) == most:
                    break
        return [(path, self._marks.pop(path)) for path in found]

    def put_back(self, path: str, mark: Mark) -> None:
        """It has not been looked at yet."""
        self._marks.setdefault(path, mark)

    def is_really_gone(self, path: str, mark: Mark) -> bool:
        """Whether a file that is not there was not there a while ago either; otherwise it is looked at again then."""
        if mark.gone:
            return True
        mark.gone = True
        self._again(path, mark, _GONE)
        return False

    def again(self, path: str, mark: Mark) -> None:
        """It could not be looked at: try a little later, and less and less often."""
        mark.tries += 1
        self._again(path, mark, min(_RETRY * 1.5 ** (mark.tries - 1), _RETRY_MOST))

    def _again(self, path: str, mark: Mark, seconds: float) -> None:
        now = time.monotonic()
        mark.first, mark.due = now, now + seconds
        self._marks.setdefault(path, mark)

    def seconds(self) -> float | None:
        """Until the next is due; None where there is none."""
        if not self._marks:
            return None
        return max(0.0, min(mark.due for mark in self._marks.values()) - time.monotonic())
