"""What is known of containers, other processes and their mounts. Each piece may be missing, and then says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confkeep.files.mounts import Mount
    from confkeep.layout.diagnosis import Source

#: What a name leads to; "" where nobody could look.
Kind: TypeAlias = Literal["file", "directory", "link", "socket", "other", ""]

#: What a source says of itself when it could be used.
OK: Final = "ok"

#: CAP_DAC_OVERRIDE (capabilities(7)): permission bits do not count.
CAP_DAC_OVERRIDE: Final = 1


class Stat(NamedTuple):
    """What stat(2) says of one path. ``target``: where a link points; ``label``: its SELinux context, "" if unknown."""

    kind: Kind
    dev: str
    ino: int
    nlink: int
    mode: int
    uid: int
    gid: int
    size: int = 0
    target: str = ""
    label: str = ""

    @property
    def inode(self) -> tuple[str, int]:
        """What tells one file from all others of this machine: the device as ``major:minor``, and the inode number."""
        return self.dev, self.ino


class IdRange(NamedTuple):
    """One line of /proc/PID/uid_map (user_namespaces(7))."""

    inside: int
    outside: int
    size: int


@dataclass(frozen=True, slots=True)
class Declared:
    """One mount as the engine was told to make it.

    ``kind``: bind, volume, tmpfs or whatever else the engine calls it. ``volume``: the name of a volume. ``managed``:
    the object whose content it is ("compose secret"), "" where it is the user's own file. ``autocreated``: a missing
    source is made by the engine, as an empty directory.
    """

    kind: str
    source: str
    destination: str
    read_only: bool = False
    volume: str = ""
    managed: str = ""
    autocreated: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """As whom a container's first process writes, in numbers of the host; ``capabilities``: the effective set."""

    uid: int
    gid: int
    groups: frozenset[int]
    capabilities: int


@dataclass(frozen=True, slots=True)
class Container:
    """One container, or one process that sees other mounts than we do. None where a piece is missing.

    ``name``: as people know it: ``pid 4711`` for a process without a container, "" for our own view. ``id``: 64
    hexadecimal digits, "" where none is known. ``engine``: the address of its engine, "" where only /proc knows it.
    ``error``: why the engine could not start it. ``table``: its mounts, the last of several on one mount point being
    the one that is seen. ``inside``: paths as it sees them; ``host``: paths of the host; None: nothing is there.
    ``image``: of paths, whether the image holds anything there. ``layer``: files added to or changed in its own layer.
    ``missing``: for each source that gave nothing here, why. ``told``: the engine's own words, as far as they are kept.
    ``inner``: a further mount namespace in a container that is there already; it holds files too, and is not judged.
    """

    name: str
    id: str = ""
    pid: int | None = None
    engine: str = ""
    running: bool = True
    error: str = ""
    table: tuple[Mount, ...] | None = None
    declared: tuple[Declared, ...] | None = None
    read_only_root: bool | None = None
    credentials: Credentials | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    uid_map: tuple[IdRange, ...] | None = None
    inside: Mapping[str, Stat | None] = field(default_factory=dict[str, "Stat | None"])
    host: Mapping[str, Stat | None] = field(default_factory=dict[str, "Stat | None"])
    image: Mapping[str, bool] = field(default_factory=dict[str, bool])
    layer: tuple[str, ...] | None = None
    missing: Mapping[Source, str] = field(default_factory=dict["Source", str])
    told: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    inner: bool = False

    @property
    def contained(self) -> bool:
        """Whether this is a container, and not a process that merely has mounts of its own."""
        if self.inner or self.id or self.engine or self.declared is not None:
            return not self.inner
        return any(mount.mount_point == "/" and mount.fs_type == "overlay" for mount in self.table or ())


@dataclass(frozen=True, slots=True)
class Scope:
    """What was asked about: one container (by name or id), paths that are to be saved. Empty: everything, no path.

    ``state``: our own state directory, "" where there is none to judge.
    """

    container: str = ""
    paths: frozenset[str] = frozenset()
    state: str = ""
