"""Contents of the store, each with a number."""

from __future__ import annotations


class Snapshots:
    """Equal ones have one number."""

    def __init__(self) -> None:
        self._contents: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def number(self, content: bytes) -> int:
        """The number of ``content``."""
        if content not in self._numbers:
            self._numbers[content] = len(self._contents)
            self._contents.append(content)
        return self._numbers[content]

    def content(self, number: int) -> bytes:
        """What has this number."""
        return self._contents[number]
