"""What a writer is, and where the packages of others are found."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import ModuleType

#: Saves these bytes at this path. The last is the etag of what the program had read; most have no use for it.
Save = Callable[[str, bytes, str | None], object]

#: Where the packages of others are: apart from ours, one of which has the name of one of theirs.
PEERS: Final = Path(os.environ.get("CONFKEEP_PEERS", str(Path(sys.prefix, "peers"))))


@dataclass(frozen=True)
class Made:
    """A writer in its process. ``recall``: the content that the file at a path had before, where one can ask for it."""

    version: str
    save: Save
    recall: Callable[[str], bytes | None] = lambda _: None


@dataclass(frozen=True)
class Writer:
    """``make`` is called in the process that saves, and imports what is needed there. ``bound``: for mounted files."""

    flushes: tuple[str, ...]
    make: Callable[[], Made]
    bound: bool = False


def peer(name: str) -> tuple[ModuleType, str]:
    """A package of others, and its version. Raises ModuleNotFoundError."""
    sys.path.insert(0, str(PEERS))
    try:
        module, number = import_module(name), version(name)
    finally:
        sys.path.remove(str(PEERS))
    if not str(module.__file__).startswith(str(PEERS)):  # ours has the same name
        raise ModuleNotFoundError(f"no {name} in {PEERS}")
    return module, number


def flush_directory(path: str) -> None:
    """What a caller adds who wants the new name to be on the disk."""
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fsync(directory)
    os.close(directory)
