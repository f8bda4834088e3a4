"""A real keeper over a directory, and a real watcher of it that says what it was told."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from confkeep.files.root import Root
from confkeep.keeper import Keeper
from confkeep.watch.watcher import Watcher
from tests.watch.listening import Heard, started

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class Watch(Protocol):
    """Watch these roots."""

    def __call__(self, *roots: Root) -> Heard:
        """From when this returns: the first round is over."""
        ...


@pytest.fixture
def keeper(state: Path) -> Generator[Keeper]:
    """A keeper of this test's own."""
    with Keeper(state) as keeper:
        keeper.recover()
        yield keeper


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A directory to watch."""
    path = tmp_path / "config"
    path.mkdir()
    return path


@pytest.fixture
def root(config: Path) -> Root:
    """It, as a root."""
    return Root("ha", str(config))


@pytest.fixture
def watch(keeper: Keeper) -> Generator[Watch]:
    """Start watchers, which end with the test."""
    with ExitStack() as stack:

        def start(*roots: Root) -> Heard:
            heard = Heard()
            watcher = Watcher(keeper, roots, heard)
            stack.callback(watcher.close)
            started(watcher)
            return heard

        yield start
