"""The benches of the conformance suite: every filesystem, both routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.mounting import FILESYSTEMS
from tests.support.saving import ROUTES, Bench, bench

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.keeper import Keeper
    from tests.support.fixtures import Filesystem


@pytest.fixture(params=FILESYSTEMS)
def on(request: pytest.FixtureRequest) -> str:
    """The name of each filesystem in turn."""
    return str(request.param)


@pytest.fixture(params=ROUTES)
def route(request: pytest.FixtureRequest) -> str:
    """Each route in turn."""
    return str(request.param)


@pytest.fixture
def one(on: str, route: str, filesystem: Filesystem, state: Path) -> Bench:
    """A file on that filesystem that takes that route; its history is on a real disk."""
    return bench(filesystem(on) / "config", state, route)


@pytest.fixture
def keeper(one: Bench) -> Generator[Keeper]:
    """Its keeper."""
    with one.keeper() as keeper:
        yield keeper
