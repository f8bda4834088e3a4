"""A daemon that tests share, and daemons of a test's own; a conftest.py imports them."""

import tempfile
from collections.abc import Generator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest

from tests.daemon.looking import Folder
from tests.daemon.running import Daemon, running, toml
from tests.support.mounting import type_of
from tests.support.needs import need


class Serve(Protocol):
    """Start a daemon."""

    def __call__(self, *arguments: str, state: Path | None = None, settings: str | None = None) -> Daemon:
        """With these arguments of ``confkeep serve``; on the test's own state directory unless told otherwise."""
        ...


#: The most bytes that the shared daemon takes: small, so that a test can send more.
MAX_BODY = 100_000
_numbers = count(1)


@pytest.fixture(scope="session")
def house() -> Generator[Daemon]:
    """One daemon for all tests that do it no harm; its roots are ``ha`` and ``single``."""
    with tempfile.TemporaryDirectory(prefix="confkeep-daemon-", dir="/var/tmp") as name:
        base = Path(name)
        need(type_of(base) not in {"tmpfs", "ramfs"}, "/var/tmp is not on a real disk")
        (base / "config").mkdir()
        (base / "alone.yaml").write_bytes(b"alone: true\n")
        # What tests do to the files themselves shall not be in its history: tests/watch has daemons of its own.
        roots: dict[str, dict[str, str | bool]] = {
            "ha": {"path": f"{base}/config", "watch": False},
            "single": {"path": f"{base}/alone.yaml", "watch": False},
        }
        with running(base / "state", settings=toml(max_body=MAX_BODY, roots=roots)) as daemon:
            yield daemon
            assert daemon.stop() == 0, daemon.log


@pytest.fixture
def folder(house: Daemon) -> Folder:
    """A directory below the shared daemon's root ``ha`` for one test."""
    name = f"t{next(_numbers)}"
    path = house.state.parent / "config" / name
    path.mkdir()
    return Folder(house, path, f"ha/{name}")


@pytest.fixture
def serve(state: Path) -> Generator[Serve]:
    """Start daemons of this test's own, on its state directory unless told otherwise."""
    own = state
    with ExitStack() as stack:

        def start(*arguments: str, state: Path | None = None, settings: str | None = None) -> Daemon:
            return stack.enter_context(running(state or own, *arguments, settings=settings))

        yield start
