"""A client, and the real daemon that it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from confkeep.client import Client
from tests.daemon.fixtures import folder, house, serve

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.daemon.running import Daemon

__all__ = ["folder", "house", "serve"]


@pytest.fixture
def client(house: Daemon) -> Generator[Client]:
    """A client of the shared daemon."""
    with Client(f"unix://{house.socket}") as made:
        yield made
