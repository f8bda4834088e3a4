"""A root: a directory or single file that the settings allow, with a name and its policies."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final


class RoutePolicy(StrEnum):
    """``auto`` chooses per target; ``overwrite`` keeps inodes, for a directory whose files others mount singly."""

    AUTO = "auto"
    OVERWRITE = "overwrite"


class OnBusy(StrEnum):
    """What to do when no write lease is to be had: write all the same and say so, or refuse."""

    WRITE = "write"
    REFUSE = "refuse"


class Journal(StrEnum):
    """What to do when an in-place save finds no durable journal: refuse it, or save and say so."""

    REQUIRE = "require"
    BEST_EFFORT = "best-effort"


#: Files that are called like configuration: what is watched where the root does not say.
CONFIGURATION: Final = (
    *("*.yaml", "*.yml", "*.json", "*.jsonc", "*.json5", "*.toml", "*.ini", "*.cfg", "*.cnf", "*.conf", "*.config"),
    *("*.env", ".env", ".env.*", "*.properties", "*.xml", "*.jinja", "*.j2", "*.rules", "*.list", "*.service"),
)

#: The dialect of a root's documents where its settings name none: what names and the root itself announce.
AUTO: Final = "auto"

#: How long to try for a write lease while others have the file open, where the root does not say (seconds).
LEASE_WAIT: Final = 1.0


@dataclass(frozen=True, slots=True)
class Root:
    """``path`` is absolute. Whether it is a directory or a single file is looked at each time, never remembered.

    ``lease_wait``: how many seconds an in-place save tries for the write lease before ``on_busy`` decides.
    ``secrets``: globs of names, or of paths below the root, of files whose content no message may show.
    ``watch``: globs of the same kind, of files whose changes by others are recorded and told; none: nothing is watched.
    ``formats``: globs of the same kind, each with the name of a format of its files. ``dialect``: who reads them.
    """

    name: str
    path: str
    route: RoutePolicy = RoutePolicy.AUTO
    on_busy: OnBusy = OnBusy.WRITE
    journal: Journal = Journal.REQUIRE
    lease_wait: float = LEASE_WAIT
    secrets: tuple[str, ...] = ()
    watch: tuple[str, ...] = CONFIGURATION
    formats: tuple[tuple[str, str], ...] = ()
    dialect: str = AUTO

    def is_secret(self, relative: str) -> bool:
        """Whether the file ``relative`` is among the secrets."""
        return _is_among(self.secrets, relative)

    def is_watched(self, relative: str) -> bool:
        """Whether the file ``relative`` is among those that are watched for their names."""
        return _is_among(self.watch, relative)

    def format_of(self, relative: str) -> str | None:
        """The format that ``formats`` say of the file ``relative``: that of the first glob that fits."""
        return next((format_ for glob, format_ in self.formats if _is_among((glob,), relative)), None)

    def is_single_file(self) -> bool:
        """Whether the root is one file. Its one address is its own base name."""
        try:
            return not stat.S_ISDIR(os.stat(self.path).st_mode)
        except OSError:
            return False


def _is_among(globs: tuple[str, ...], relative: str) -> bool:
    name = os.path.basename(relative)
    return any(fnmatchcase(name, glob) or fnmatchcase(relative, glob) for glob in globs)


#: The whole filesystem, for paths that no settings restrict: the library and ``confkeep inspect``.
ANYWHERE = Root(name="", path="/")


def relative_to(root: Root, path: str) -> str | None:
    """How the history's ``path`` is addressed below ``root``; None where it is not below it."""
    base = os.path.realpath(root.path)
    if path == base:
        return os.path.basename(root.path)
    below = base.rstrip("/") + "/"
    return path.removeprefix(below) if path.startswith(below) else None
