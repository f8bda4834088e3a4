"""The shim as anybody gets it: the zip unpacked in the configuration directory, and one line in the environment."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

from home_assistant.build import build

if TYPE_CHECKING:
    from pathlib import Path


def install(config: Path) -> dict[str, str]:
    """Put it there; the environment of a Home Assistant that is to use it."""
    file = config.with_name("shim.zip")
    build(file)
    with zipfile.ZipFile(file) as archive:
        archive.extractall(config)
    return {"PYTHONPATH": os.fspath(config / "confkeep")}


def has_saved(config: Path) -> bool:
    """Whether a Home Assistant has saved anything by it: what only a save imports has been compiled."""
    return any((config / "confkeep" / "confkeep" / "library" / "__pycache__").glob("drafts.*.pyc"))
