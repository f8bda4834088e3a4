"""Where torn reads are looked for: one directory on each kind of filesystem."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

#: The command that makes one, and megabytes of a sparse image: what it asks for at least (btrfs, xfs), or enough.
_IMAGES: Final = {
    "ext4": (("mkfs.ext4", "-q", "-F"), 64),
    "xfs": (("mkfs.xfs", "-q", "-f"), 320),
    "btrfs": (("mkfs.btrfs", "-q", "-f"), 128),
}


@contextmanager
def mounted(directory: str | None) -> Generator[dict[str, Path]]:
    """Fresh filesystems by name, mounted inside ``directory``; two plain folders when we are not root.

    Their images are in memory, where flushes cost nothing: the more saves, the more chances to see one half done.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="confkeep-bench-", dir=directory)))
        if os.geteuid() != 0:
            memory = stack.enter_context(tempfile.TemporaryDirectory(prefix="confkeep-bench-", dir="/dev/shm"))
            yield {"not root: a folder": folder, "tmpfs": Path(memory)}
            return
        images = _mount(stack, folder / "images", "-t", "tmpfs", "tmpfs")
        found: dict[str, Path] = {}
        for name, (make, megabytes) in _IMAGES.items():
            if shutil.which(make[0]) is None:
                print(f"no {make[0]}: {name} is left out")
                continue
            image = images / name
            image.touch()
            os.truncate(image, megabytes << 20)
            _run(*make, image)
            found[name] = _mount(stack, folder / name, "-t", name, "-o", "loop", image)
        found["tmpfs"] = _mount(stack, folder / "tmpfs", "-t", "tmpfs", "tmpfs")
        layers = [found["ext4"] / layer for layer in ("lower", "upper", "work")]
        for layer in layers:
            layer.mkdir()
        options = "lowerdir={},upperdir={},workdir={}".format(*layers)
        found["overlay"] = _mount(stack, folder / "overlay", "-t", "overlay", "-o", options, "overlay")
        yield found


def _mount(stack: ExitStack, at: Path, *arguments: str | Path) -> Path:
    at.mkdir()
    _run("mount", *arguments, at)
    # Lazily: a loop device lets go of its image a moment after the filesystem on it is gone.
    stack.callback(_run, "umount", "--lazy", at)
    return at


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
