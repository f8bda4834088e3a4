"""A world for each layout, which the tests of that layout share: each changes files of its own."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.fixtures import serve
from tests.daemon.running import running, toml
from tests.support.mounting import Mounts, type_of
from tests.support.needs import need
from tests.watching.changes import cases
from tests.watching.layouts import LAYOUTS, layout
from tests.watching.told import told
from tests.watching.world import AWAY, MARKER, MOMENTS, World, check_one_each

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["serve"]

_log = logging.getLogger("tests.watching")


def names(kind: str) -> list[str]:
    """The files of a layout."""
    return [MARKER, AWAY, *MOMENTS, *(case.file for case in cases(LAYOUTS[kind]))]


def _is_private() -> bool:
    return os.geteuid() == 0 and os.readlink("/proc/self/ns/mnt") != os.readlink(f"/proc/{os.getppid()}/ns/mnt")


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest) -> Generator[World]:
    """The layout whose name is the parameter, watched; in the end nothing in it was told twice or left out."""
    need(_is_private(), "no mount namespace of our own: that needs the superuser")
    base = Path(tempfile.mkdtemp(prefix="confkeep-watching-", dir="/var/tmp"))
    need(type_of(base) not in {"tmpfs", "ramfs"}, "/var/tmp is not on a real disk")
    mounts = Mounts()
    try:
        with ExitStack() as stack:
            made = stack.enter_context(layout(request.param, base, mounts, names(request.param)))
            roots = {name: {"path": path} for name, path in made.roots.items()}
            daemon = stack.enter_context(running(base / "state", settings=toml(roots=roots)))
            lived = World(daemon, stack.enter_context(told(daemon.socket)), made)
            lived.await_first_sight()
            yield lived
            check_one_each(lived)
            assert daemon.stop() == 0, daemon.log
            _log.info("%s: told after at most %s", request.param, lived.figures())
    finally:
        mounts.close()
        shutil.rmtree(base)
