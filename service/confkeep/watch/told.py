"""Which changes by others have been told: a save records what it finds on its way, and that has not."""

from __future__ import annotations

from typing import Final

#: So many files are remembered; of more, those whose last change is the oldest count as told.
_MOST: Final = 4_096


class Told:
    """By file, the newest revision that was told; what was there at the beginning is no news."""

    def __init__(self) -> None:
        self._beginning: int | None = None
        self._newest: dict[str, int] = {}

    def begin(self, number: int) -> None:
        """Revisions up to this one are no news. Only the first call counts: a second beginning goes on."""
        if self._beginning is None:
            self._beginning = number

    def add(self, path: str, number: int) -> None:
        """Revision ``number`` of ``path`` is told, or need not be."""
        self._newest.pop(path, None)
        self._newest[path] = number
        if len(self._newest) > _MOST:
            self._beginning = max(self._beginning or 0, self._newest.pop(next(iter(self._newest))))

    def has(self, path: str, number: int) -> bool:
        """Whether it is told."""
        return number <= (self._beginning or 0) or self._newest.get(path) == number
