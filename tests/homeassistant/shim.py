"""The folder that is put at ``/config/confkeep``, and the one line of compose that makes it count."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_SERVICE: Final = Path(__file__).parents[2] / "service"


def install(config: Path) -> dict[str, str]:
    """Put it there; the environment of a Home Assistant that is to use it."""
    folder = config / "confkeep"
    for package in ("atomicwrites", "confkeep"):
        shutil.copytree(_SERVICE / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return {"PYTHONPATH": os.fspath(folder)}


def has_saved(config: Path) -> bool:
    """Whether a Home Assistant has saved anything by it: what only a save imports has been compiled."""
    return any((config / "confkeep" / "confkeep" / "library" / "__pycache__").glob("drafts.*.pyc"))
