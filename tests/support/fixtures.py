"""The types of the fixtures in tests/conftest.py, for the tests' signatures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

T = TypeVar("T")

#: ``filesystem("xfs")``: a fresh directory on a filesystem of that name.
Filesystem = Callable[[str], Path]
#: ``small("ext4", 16)``: a filesystem of so many megabytes.
Small = Callable[[str, int], Path]


class AsUser(Protocol):
    """Run a function as another user."""

    def __call__(self, uid: int, call: Callable[[], T], *, groups: tuple[int, ...] = (), root: Path | None = None) -> T:
        """What ``call`` returns or raises."""
        ...
