"""Filesystems with little room, which can be filled, unmounted and mounted again."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.support.mounting import fill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mounting import Mounts

#: Megabytes: what mkfs asks for at least, or little.
_SIZES: Final = {"ext4": 16, "xfs": 300, "btrfs": 128, "tmpfs": 16}
#: The filesystem that lies below, where one does.
_BELOW: Final = {"overlay": "ext4", "overlay-btrfs": "btrfs"}
#: Every filesystem that ``make_room`` knows.
ROOMS: Final = (*_SIZES, *_BELOW)


@dataclass(frozen=True, slots=True)
class Room:
    """One filesystem of a test's own, mounted at ``at``."""

    name: str
    at: Path
    mounts: Mounts
    scratch: Path

    @property
    def keeps(self) -> bool:
        """Whether what is on it outlives its mount."""
        return self.name != "tmpfs"

    @property
    def _ballast(self) -> Path:
        return self.at / "ballast"

    @property
    def _below(self) -> Path:
        return self.at.with_name(f"{self.at.name}-below")

    def mount(self, *, fresh: bool = False) -> None:
        """Mount it; ``fresh``: make it first."""
        if not self.keeps:
            self.mounts.mount(self.at, "-t", "tmpfs", "-o", f"size={_SIZES[self.name]}m", "tmpfs")
            return
        name, image = _BELOW.get(self.name, self.name), self.scratch / f"{self.at.name}.img"
        point = self._below if self.name in _BELOW else self.at
        if fresh:
            self.mounts.image(point, image, name, _SIZES[name])
        else:
            self.mounts.mount(point, "-t", name, "-o", "loop", image)
        if self.name in _BELOW:
            self.mounts.overlay(self.at, self._below)

    def again(self) -> None:
        """Unmount it and mount it again: what is read afterwards comes from the disk."""
        if self.keeps:
            self.mounts.unmount(self.at)
            if self.name in _BELOW:
                self.mounts.unmount(self._below)
            self.mount()

    def fill(self, leave: int = 0) -> None:
        """Nothing more fits but ``leave`` bytes."""
        self.settle()
        with self._ballast.open("wb") as file, contextlib.suppress(OSError):
            os.posix_fallocate(file.fileno(), 0, os.statvfs(self.at).f_bavail * os.statvfs(self.at).f_frsize * 9 // 10)
        self._ballast.rename(self.at / "most")
        fill(self.at, leave)
        self.settle()

    def give(self) -> None:
        """There is room again."""
        for name in ("ballast", "most"):
            (self.at / name).unlink(missing_ok=True)
        self.settle()

    def settle(self) -> None:
        """What is to be freed is free: btrfs does that when it commits."""
        subprocess.run(["sync", "-f", self.at], check=True)


def make_room(name: str, at: Path, scratch: Path, mounts: Mounts) -> Room:
    """A fresh filesystem ``name`` at ``at``; its image is in ``scratch``."""
    room = Room(name, at, mounts, scratch)
    room.mount(fresh=True)
    return room
