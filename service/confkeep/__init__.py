"""confkeep saves configuration files so that they are never torn, never lost and never overwritten unseen.

``save``, ``file`` and ``folder`` write; ``inspect`` says before whether and how; ``Keeper`` adds a history. All of
them work without a daemon. ``confkeep.aio`` has them for asyncio.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from confkeep.errors import (
    AlreadyExists,
    BadParameter,
    BadPath,
    ConfkeepError,
    Conflict,
    InvalidDocument,
    IoError,
    JournalUnavailable,
    NoPermission,
    NotADirectory,
    NotARegularFile,
    NotFound,
    OutOfSpace,
    ReadOnly,
    Refused,
    StaleMount,
    TargetBusy,
)

if TYPE_CHECKING:
    from confkeep.library.changing import Change
    from confkeep.library.file import file
    from confkeep.library.folder import folder
    from confkeep.library.inspecting import inspect
    from confkeep.library.keeping import Keeper
    from confkeep.library.saving import save

__version__ = "0.1.0"

__all__ = [
    "AlreadyExists",
    "BadParameter",
    "BadPath",
    "Change",
    "ConfkeepError",
    "Conflict",
    "InvalidDocument",
    "IoError",
    "JournalUnavailable",
    "Keeper",
    "NoPermission",
    "NotADirectory",
    "NotARegularFile",
    "NotFound",
    "OutOfSpace",
    "ReadOnly",
    "Refused",
    "StaleMount",
    "TargetBusy",
    "file",
    "folder",
    "inspect",
    "save",
]

#: Imported when first asked for: nobody pays for what is not used.
_WHERE: Final = {
    "Change": "confkeep.library.changing",
    "Keeper": "confkeep.library.keeping",
    "file": "confkeep.library.file",
    "folder": "confkeep.library.folder",
    "inspect": "confkeep.library.inspecting",
    "save": "confkeep.library.saving",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever has that name
    if name == "aio":
        return import_module("confkeep.aio")
    if name not in _WHERE:
        raise AttributeError(f"module 'confkeep' has no attribute {name!r}")
    found = getattr(import_module(_WHERE[name]), name)
    globals()[name] = found
    return found
