"""Where the durable saves are measured: a journaled ext4 of its own, with direct I/O."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_SIZE = 512 << 20


@dataclass(frozen=True)
class Disk:
    """A directory to measure in; ``device`` names the disk under it where its flushes can be counted."""

    directory: Path
    device: str | None
    what: str

    def flushes(self) -> int | None:
        """Flush commands that the disk has done so far (Documentation/admin-guide/iostats.rst, field 16)."""
        if self.device is None:
            return None
        return int(Path(f"/sys/block/{self.device}/stat").read_text("ascii").split()[15])


@contextmanager
def journaled(directory: str | None) -> Generator[Disk]:
    """An ext4 image inside ``directory`` when we are root, a plain folder in ``directory`` otherwise.

    The root filesystem of a virtual machine often has no journal, and the host's cache hides what a flush costs.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="confkeep-bench-", dir=directory)))
        if os.geteuid() != 0:
            yield Disk(folder, None, f"{folder} (not root: no disk of our own)")
            return
        image, mounted = folder / "disk.img", folder / "disk"
        mounted.mkdir()
        with image.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _SIZE)
        _run("mkfs.ext4", "-q", "-F", str(image))
        device = _run("losetup", "--find", "--show", "--direct-io=on", str(image))
        stack.callback(_run, "losetup", "--detach", device)
        _run("mount", device, str(mounted))
        # Lazily: a bench that failed may still have files open.
        stack.callback(_run, "umount", "--lazy", str(mounted))
        yield Disk(mounted, os.path.basename(device), "journaled ext4 on a loop image, direct I/O")


@contextmanager
def in_memory() -> Generator[Disk]:
    """A folder where flushes cost nothing, so that only processor time is left."""
    with tempfile.TemporaryDirectory(prefix="confkeep-bench-", dir="/dev/shm") as folder:
        yield Disk(Path(folder), None, "tmpfs")


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
