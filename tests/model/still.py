"""A process in which nothing happens by chance: one thread, its own clock, the same names in each run."""

from __future__ import annotations

import itertools
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock

from confkeep.files import leftovers, persistence
from confkeep.history.checkpoints import Checkpoints
from confkeep.history.flusher import Flusher

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_NOW = 1_700_000_000


def _nothing(*_: object) -> None:
    """Not now."""


class Still:
    """What has to be the same again when a process starts anew."""

    def __init__(self) -> None:
        #: Temporary files are written when they are waited for, and not beside the promise before that.
        self.stages_late = False
        self._tokens = itertools.count(1)
        self._now = float(_NOW)

    def start(self, tokens: int) -> None:
        """A process starts; the names that it invents are counted from ``tokens``."""
        self._tokens = itertools.count(tokens)
        self._now = float(_NOW)
        leftovers._swept.clear()  # noqa: SLF001 - a new process has swept nothing # pyright: ignore[reportPrivateUsage]

    @contextmanager
    def installed(self) -> Generator[None]:
        """As long as that."""
        with (
            mock.patch.object(time, "time_ns", self._time_ns),
            mock.patch.object(time, "monotonic", self._monotonic),
            mock.patch.object(time, "sleep", self._sleep),
            mock.patch.object(os, "urandom", self._token),
            mock.patch.object(ThreadPoolExecutor, "submit", self._submit),
            # What it would do after half a second, a scenario does where it says so.
            mock.patch.object(Flusher, "note", _nothing),
            mock.patch.object(Checkpoints, "consider", _nothing),
            # The model's disk is as durable as it says, whatever its files are really on.
            mock.patch.object(persistence, "of_state", _nothing),
        ):
            yield

    @staticmethod
    def _time_ns() -> int:
        return _NOW * 10**9

    def _monotonic(self) -> float:
        return self._now

    def _sleep(self, seconds: float) -> None:
        self._now += seconds

    def _token(self, size: int) -> bytes:
        return next(self._tokens).to_bytes(size)

    def _submit(self, call: Callable[..., Any], *arguments: Any) -> Future[Any]:
        future = _Late(call, arguments)
        if not self.stages_late:
            future.run()
        return future


class _Late(Future[Any]):
    """Done when somebody wants to know."""

    def __init__(self, call: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        super().__init__()
        self._call, self._arguments = call, arguments

    def run(self) -> None:
        if self.done():
            return
        try:
            self.set_result(self._call(*self._arguments))
        except BaseException as error:  # noqa: BLE001 - handed on, as an executor does
            self.set_exception(error)

    def result(self, timeout: float | None = None) -> Any:  # noqa: ANN401 - whatever the call returns
        self.run()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        self.run()
        return super().exception(timeout)
