"""Errors that no healthy disk gives: the one place where a system call is replaced."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def raising(code: int) -> Callable[..., Any]:
    """A function that always fails."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


#: What brings a file to the disk, with or without its times.
FLUSHES: Final = ("fsync", "fdatasync")


def failing(monkeypatch: pytest.MonkeyPatch, name: str, code: int, calls: set[int]) -> list[int]:
    """Let ``os.NAME`` fail in these calls (counted from 1) and work in all others; the calls so far are in the list.

    A failing pwrite writes half of its bytes first, as a disk that fails in the middle does; fsync stands for fdatasync
    as well.
    """
    seen: list[int] = []
    for call in FLUSHES if name == "fsync" else [name]:
        _patch(monkeypatch, call, code, calls, seen)
    return seen


def _patch(monkeypatch: pytest.MonkeyPatch, name: str, code: int, calls: set[int], seen: list[int]) -> None:
    real = getattr(os, name)

    def sometimes(*arguments: Any) -> Any:  # noqa: ANN401 - stands for any call
        seen.append(len(seen) + 1)
        if seen[-1] not in calls:
            return real(*arguments)
        if name == "pwrite":
            fd, data, offset = arguments
            real(fd, data[: len(data) // 2], offset)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, name, sometimes)
