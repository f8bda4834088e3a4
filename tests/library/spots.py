"""Files that are saved by each route, and what is looked at afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import confkeep
from confkeep.etag import etag_of
from tests.support.looking import leftovers_in

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.support.mounting import Mounts

OLD, NEW = b"old: 1\n", b"NEW: 22\nMORE: 333\n"
#: ``replace`` by a rename; ``linked`` and ``bound`` in place, for another name or a mount keeps the inode.
WAYS: Final = ("replace", "linked", "bound")


@dataclass(frozen=True, slots=True)
class Spot:
    """A file with OLD in it, alone in its directory but for its other name."""

    path: Path
    way: str

    @property
    def name(self) -> str:
        """Its path as text."""
        return os.fspath(self.path)

    @property
    def route(self) -> str:
        """The route that a save takes."""
        return "replace" if self.way == "replace" else "overwrite"

    @property
    def data(self) -> bytes:
        """What is in it."""
        return self.path.read_bytes()

    @property
    def mode(self) -> int:
        """Its permissions."""
        return self.path.stat().st_mode & 0o7777

    def others(self) -> list[str]:
        """What is in its directory and was not there in the beginning."""
        return sorted({entry.name for entry in self.path.parent.iterdir()} - {"a.txt", "other-name.txt"})

    def left(self) -> list[str]:
        """Temporary files of ours."""
        return leftovers_in(self.path.parent)


def spot_in(directory: Path, way: str, mounts: Mounts | None = None) -> Spot:
    """A file in a new ``directory`` that is saved that way; only ``bound`` needs mounts."""
    directory.mkdir()
    path = directory / "a.txt"
    if way == "bound":
        assert mounts is not None
        source = directory.with_name(f"{directory.name}-host") / "a.txt"
        source.parent.mkdir()
        source.write_bytes(OLD)
        mounts.bind(source, path)
        return Spot(path, way)
    path.write_bytes(OLD)
    if way == "linked":
        (directory / "other-name.txt").hardlink_to(path)
    return Spot(path, way)


def opened(path: str | Path, **options: Any) -> AbstractContextManager[Any]:
    """``confkeep.file`` with options that are not known before the test runs."""
    untyped: Any = confkeep.file
    found: AbstractContextManager[Any] = untyped(path, **options)
    return found


def written(path: str | Path, data: str | bytes, then: BaseException | None = None, **options: Any) -> None:
    """``data`` through ``confkeep.file``; ``then`` is raised before the ``with`` ends."""
    with opened(path, **options) as file:
        file.write(data)
        if then is not None:
            raise then


def etag(data: bytes = OLD) -> str:
    """The etag of ``data``."""
    return etag_of(data)
