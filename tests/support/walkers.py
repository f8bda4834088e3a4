"""Both ways in which files/place.py finds the directory of a path below a root, and where a path led."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from confkeep.files import beneath
from confkeep.files.place import resolve
from tests.support.needs import need

if TYPE_CHECKING:
    import pytest

    from confkeep.files.root import Root

WALKERS: Final = ("openat2", "components")


def choose(walker: str, patch: pytest.MonkeyPatch) -> None:
    """From here on each path is resolved by this walker, as far as it can decide."""
    if walker == "components":
        patch.setattr(beneath, "open_directory", _undecided)
    else:
        need(not beneath.refused(), "openat2(2) is refused here")


def _undecided(_root: str, _names: list[str]) -> None:
    return None


def led(root: Root, relative: str) -> str:
    """The path that ``relative`` leads to, as seen from the root."""
    with resolve(root, relative) as place:
        return os.path.relpath(place.path, root.path)


def link(root: Root, name: str, destination: str | os.PathLike[str]) -> None:
    """Make a symbolic link below the root."""
    os.symlink(destination, os.path.join(root.path, name))
