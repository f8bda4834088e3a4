"""What a rule finds in a compose file, and what the rules share: where each source is and what it is."""

from __future__ import annotations

import os
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_mount import Kind
from confkeep.layout.compose_sources import SYSTEM_DIRECTORIES, Look, Shape, look, named_as_file

if TYPE_CHECKING:
    from confkeep.layout.compose_mount import Mount
    from confkeep.layout.compose_services import Stack
    from confkeep.layout.diagnosis import Severity

_LEAST_DEPTH: Final = 2
_SYSTEM_BELOW: Final = frozenset({"/var/cache", "/var/lib", "/var/log", "/var/run", "/var/tmp"})  # noqa: S108 - refused


class Fix(Enum):
    """The changes of the text that can be made without knowing more than the file says."""

    MOUNT_DIRECTORY = auto()
    MOUNT_SOCKET_DIRECTORY = auto()
    MAKE_WRITABLE = auto()
    NAME_VOLUME = auto()
    DO_NOT_CREATE = auto()


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule about one mount; ``fix`` is a try: it is offered only where the changed text passes the check."""

    rule: str
    severity: Severity
    mount: Mount
    message: str
    remedy: str
    fix: Fix | None = None


@dataclass(slots=True)
class Seen:
    """The stack with its sources looked at, each once."""

    stack: Stack
    _looks: dict[str, Look] = field(default_factory=dict[str, Look])
    _users: dict[Hashable, list[Mount]] = field(default_factory=dict[Hashable, "list[Mount]"])

    def look(self, mount: Mount) -> Look:
        """What the source is; what has none on this host is UNKNOWN."""
        if not mount.source.startswith("/"):
            return Look(Shape.UNKNOWN)
        if mount.source not in self._looks:
            self._looks[mount.source] = look(mount.source)
        return self._looks[mount.source]

    def is_file(self, mount: Mount) -> bool:
        """Whether a single file is bound: by the look, and by the names where nothing is there or nobody may look."""
        shape = self.look(mount).shape
        if mount.kind is not Kind.BIND or shape not in {Shape.MISSING, Shape.UNKNOWN}:
            return mount.kind is Kind.BIND and shape is Shape.FILE
        return named_as_file(mount.source) or (
            "." not in os.path.basename(mount.source) and named_as_file(mount.target)
        )

    def is_directory(self, mount: Mount) -> bool:
        """Whether a directory is bound, by the same evidence."""
        directories = {Shape.DIRECTORY, Shape.EMPTY_DIRECTORY, Shape.MISSING, Shape.UNKNOWN}
        return mount.kind is Kind.BIND and self.look(mount).shape in directories and not self.is_file(mount)

    def identity(self, mount: Mount) -> Hashable:
        """What two mounts of the same thing have in common: the inode, or the name where there is none."""
        return self.look(mount).inode or (mount.kind, mount.source)

    def users(self, mount: Mount) -> list[Mount]:
        """All mounts of the same thing, this one among them."""
        if not self._users:
            for one in self.stack.all_mounts():
                self._users.setdefault(self.identity(one), []).append(one)
        return self._users[self.identity(mount)]

    def is_own_directory(self, directory: str) -> bool:
        """Whether a directory of this host is likely to hold nothing but what a container may see.

        Not the file's own and those above it, nobody's home, nothing of the system.
        """
        where = self.stack.where
        names = directory.strip("/").split("/")
        is_above = f"{where.directory}/".startswith(f"{directory.rstrip('/')}/")
        is_home = directory == where.variables.get("HOME") or (names[0] == "home" and len(names) == _LEAST_DEPTH)
        is_system = names[0] in SYSTEM_DIRECTORIES - {"root", "tmp"} or directory in _SYSTEM_BELOW
        return len(names) >= _LEAST_DEPTH and not (is_above or is_home or is_system)

    def real(self, mount: Mount) -> str:
        """The path of the source without symbolic links, as far as it is there."""
        return os.path.realpath(mount.source) if self.look(mount).inode else mount.source
