"""Folders to save in. Each writer has a file of its own in each: to find another's would be an edit to a history.

Those that are meant for files that are mounted singly, as a container has them, find theirs mounted.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bench import floor
from bench.peers.programs import PROGRAMS
from bench.peers.worker import content

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_FIRST: Final = 1 << 10


@dataclass(frozen=True)
class Folder:
    """A directory with the files of writers."""

    directory: Path

    def path(self, name: str) -> Path:
        """The file of the writer ``name``."""
        return self.directory / f"{list(PROGRAMS).index(name)}.conf"


@contextmanager
def folders(directory: Path, count: int, names: Sequence[str]) -> Generator[list[Folder]]:
    """``count`` folders in ``directory`` with the files of ``names``."""
    with ExitStack() as stack:
        made = [Folder(directory / f"folder-{number}") for number in range(count)]
        for folder in made:
            source = folder.directory.with_name(f"{folder.directory.name}-source")
            folder.directory.mkdir()
            source.mkdir()
            for name in names:
                path = folder.path(name)
                _file(source / path.name if PROGRAMS[name].bound else path)
                if PROGRAMS[name].bound:
                    _bind(stack, source / path.name, path)
        yield made


def _file(path: Path) -> None:
    path.write_bytes(content(_FIRST, 0))
    path.chmod(floor.MODE)


def _bind(stack: ExitStack, source: Path, path: Path) -> None:
    """Not root: a second name instead, which makes it an inode to keep too."""
    if os.geteuid() != 0:
        os.link(source, path)
        return
    path.touch()
    subprocess.run(["mount", "--bind", source, path], check=True)
    stack.callback(_unmount, path)


def _unmount(path: Path) -> None:
    # Lazily: a bench that failed may still have it open.
    subprocess.run(["umount", "--lazy", path], check=True)
