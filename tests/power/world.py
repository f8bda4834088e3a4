"""What a test saves to: files on a disk that loses its power, the state beside them or on a disk of its own."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files.root import Root
from tests.support.blockdisks import Disks

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

#: A file that is bound to another place, as an engine does for ``-v file:file``, and saved there.
BOUND: Final = "bound.conf"
#: A file with a second name: a rename would part them.
LINKED: Final = "linked.conf"
#: The number of the disk that holds the files.
TARGETS: Final = 0
#: The number of the disk that holds the state, where it has one of its own.
STATE: Final = 1


@dataclass(frozen=True, slots=True)
class World:
    """The disks and the places on them; ``up`` before any of them is used."""

    disks: Disks
    outside: Path

    @property
    def state(self) -> Path:
        """The state directory: on the last disk, which is the first one as well if there is one only."""
        return self.disks.points[-1] / "state"

    @property
    def files(self) -> Path:
        """Where the files are."""
        return self.disks.points[TARGETS] / "files"

    def root(self, name: str) -> Root:
        """The root by which ``name`` is saved."""
        return Root("disk", os.fspath(self.outside if name == BOUND else self.files))

    def present(self, name: str) -> bytes | None:
        """What is in the file ``name``."""
        path = self.files / name
        return path.read_bytes() if path.exists() else None

    def prepare(self, contents: dict[str, bytes]) -> None:
        """Make the files on fresh, mounted disks; zeros are a hole."""
        self.files.mkdir()
        for name, content in contents.items():
            with (self.files / name).open("wb") as file:
                if any(content):
                    file.write(content)
                file.truncate(len(content))
        (self.files / "other-name.conf").hardlink_to(self.files / LINKED)

    @contextmanager
    def up(self) -> Generator[None]:
        """The disks are mounted and the bound file is in its place."""
        with self.disks.mounted():
            self.disks.bind(self.files / BOUND, self.outside / BOUND)
            yield


@contextmanager
def open_world(names: list[str], scratch: Path) -> Generator[World]:
    """Disks with these filesystems; gone when the ``with`` ends."""
    outside = scratch / "outside"
    outside.mkdir()
    (outside / BOUND).touch()
    disks = Disks(names, scratch)
    try:
        yield World(disks, outside)
    finally:
        disks.close()
