"""What the doctor's tests share: files and containers of one test, on the host as the engine sees it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.doctor.host import Host
from tests.engine.doctor.live import Live
from tests.support.needs import need


@pytest.fixture(scope="session")
def host(engine: None) -> Host:
    """The engine's own mount namespace: what a person at the machine's prompt sees."""
    need(os.geteuid() == 0, "the host's mounts are not ours: it takes the superuser")
    return Host.of_engine()


@pytest.fixture
def live(base_image: str, host: Host, public: Path) -> Iterator[Live]:
    """Containers and mounts of this test, gone when it is over."""
    made = Live(base_image, host, public)
    yield made
    made.close()
