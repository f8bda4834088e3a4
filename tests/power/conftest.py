"""Disks whose power can be cut."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.power.world import World, open_world
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.mounting import Mounts


@pytest.fixture
def disks(disk: Path, mounts: Mounts) -> Path:
    """Where images of disks may be made, and mounted."""
    need(Path("/dev/fuse").exists() and Path("/dev/loop-control").exists(), "no /dev/fuse or no loop devices")
    return disk


@pytest.fixture
def on(disks: Path) -> Generator[Callable[..., World]]:
    """``on("ext4", "xfs")``: fresh disks with these filesystems; the files are on the first, the state on the last."""
    with ExitStack() as stack:
        yield lambda *names: stack.enter_context(open_world(list(names), disks))
