"""Commands as their user runs them, and a real daemon for them to talk to."""

import pytest

from tests.cli.command import Command
from tests.daemon.fixtures import folder, house, serve
from tests.daemon.running import Daemon

__all__ = ["confkeep", "folder", "house", "serve"]


@pytest.fixture
def confkeep(house: Daemon) -> Command:
    """The command line, told by CONFKEEP_HOST where the shared daemon is."""
    return Command({"CONFKEEP_HOST": f"unix://{house.socket}"})
