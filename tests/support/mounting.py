"""Mounts for one test, and real filesystems on loop images, made when first asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from tests.support.needs import need

if TYPE_CHECKING:
    from pathlib import Path

#: Megabytes of a sparse image: what mkfs asks for at least (btrfs, xfs), or enough.
_SIZES: Final = {"ext4": 64, "xfs": 320, "btrfs": 128}
_MKFS: Final = {
    "ext4": ("mkfs.ext4", "-q", "-F"),  # unlike many a virtual machine's root, with a journal
    "xfs": ("mkfs.xfs", "-q", "-f"),
    "btrfs": ("mkfs.btrfs", "-q", "-f"),
}
#: Every filesystem that ``filesystem(name)`` knows.
FILESYSTEMS: Final = ("ext4", "xfs", "btrfs", "tmpfs", "overlay")


def run(*command: str | Path) -> None:
    """Run a command; what it says on failure is in the error."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr or done.stdout}"


class Mounts:
    """Mounts that are gone when ``close`` returns, the last one first."""

    def __init__(self) -> None:
        self._points: list[Path] = []

    def mount(self, at: Path, *arguments: str | Path) -> Path:
        """``mount ARGUMENTS AT``; ``at`` is made (a directory) where nothing is."""
        if not at.exists():
            at.mkdir(parents=True)
        run("mount", *arguments, at)
        self._points.append(at)
        return at

    def bind(self, source: Path, at: Path, *, read_only: bool = False) -> Path:
        """What an engine does for ``-v source:at``; ``at`` becomes a placeholder of the right kind where nothing is.

        ``source`` must be elsewhere: a file bound over itself goes stale in other ways than an engine's binds.
        """
        assert source != at
        if not source.is_dir() and not at.exists():
            at.parent.mkdir(parents=True, exist_ok=True)
            at.touch()
        self.mount(at, "--bind", source)
        if read_only:
            run("mount", "-o", "remount,bind,ro", at)
        return at

    def image(self, at: Path, file: Path, name: str, megabytes: int) -> Path:
        """A fresh filesystem ``name`` in the sparse ``file``, mounted by way of a loop device."""
        need(shutil.which(_MKFS[name][0]), f"no {_MKFS[name][0]}")
        with file.open("wb") as image:
            image.truncate(megabytes << 20)
        run(*_MKFS[name], file)
        return self.mount(at, "-t", name, "-o", "loop", file)

    def overlay(self, at: Path, base: Path, options: str = "") -> Path:
        """An overlay whose layers are in ``base``; ``base/lower`` may hold files already."""
        for layer in ("lower", "upper", "work"):
            (base / layer).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={base}/lower,upperdir={base}/upper,workdir={base}/work{options}"
        return self.mount(at, "-t", "overlay", "-o", layers, "overlay")

    def unmount(self, at: Path) -> None:
        """Take one away again."""
        run("umount", at)
        self._points.remove(at)

    def close(self) -> None:
        """Unmount everything; lazily, because a mount that a test left stale cannot be named any more."""
        while self._points:
            subprocess.run(["umount", "-l", self._points.pop()], capture_output=True, check=False)


class Filesystems:
    """One mounted filesystem of each name for the whole run; each asker gets a directory of its own."""

    def __init__(self, points: Path, images: Path) -> None:
        self._points = points
        self._images = images
        self._mounted: dict[str, Path] = {}
        self._mounts = Mounts()
        self._given = 0

    def directory(self, name: str) -> Path:
        """A fresh directory on the filesystem ``name``."""
        if name not in self._mounted:
            self._mounted[name] = self._mount(name)
        self._given += 1
        made = self._mounted[name] / str(self._given)
        made.mkdir()
        return made

    def _mount(self, name: str) -> Path:
        at = self._points / name
        if name == "tmpfs":
            return self._mounts.mount(at, "-t", "tmpfs", "tmpfs")
        if name == "overlay":
            return self._mounts.overlay(at, self.directory("ext4"))
        return self._mounts.image(at, self._images / f"{name}.img", name, _SIZES[name])

    def close(self) -> None:
        """Unmount everything."""
        self._mounts.close()


def type_of(path: Path) -> str:
    """The filesystem of ``path`` as stat(1) calls it."""
    done = subprocess.run(["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def fill(directory: Path, leave: int = 0) -> Path:
    """Fill the filesystem of ``directory`` until nothing more fits, then give ``leave`` bytes back."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1 << 9):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
        file.truncate(max(0, file.tell() - leave))
        os.fsync(file.fileno())
    return ballast
