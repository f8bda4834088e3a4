"""Reading a table of mounts: which mount a path is on, what is the engine's own, what lies where on a filesystem."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from confkeep.files.mounts import parse_mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from confkeep.files.mounts import Mount

IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
#: The kernel's own: nobody saves files there.
_PSEUDO: Final = frozenset({"cgroup", "cgroup2", "devpts", "devtmpfs", "mqueue", "nsfs", "proc", "sysfs"})
#: What lives here is made anew at each start of the machine: sockets, process ids.
_RUNTIME: Final = ("/run", "/var/run", "/dev")
#: What is meant to be lost: read-only containers have a tmpfs there.
TEMPORARY: Final = frozenset({"/tmp", "/var/tmp", "/run", "/var/run", "/var/lock", "/var/cache", "/dev/shm"})  # noqa: S108
_DELETED: Final = "//deleted"
_CONTAINER_ID: Final = re.compile(r"/(?:overlay-)?containers/([0-9a-f]{64})/")
#: What an engine mounts by itself into every container.
_ENGINES_TREES: Final = ("/proc", "/sys", "/dev")
_ENGINES_FILES: Final = frozenset(
    {
        "/",
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        "/run/.containerenv",
        "/run/secrets",
        "/sbin/docker-init",
        "/usr/sbin/docker-init",
    }
)


def parse_table(text: str) -> tuple[Mount, ...]:
    """The mounts of a mountinfo file; what is no line of one is left out (a capture may have been cut off)."""
    mounts: list[Mount] = []
    for line in text.split("\n"):
        try:
            mounts.append(parse_mount(line))
        except ValueError:
            continue
    return tuple(mounts)


def device(mount: Mount) -> str:
    """``major:minor`` as mountinfo has it. On btrfs that is not what stat(2) says: compare it with its like only."""
    return mount.line.split(" ", 3)[2]


def root_of(mount: Mount) -> str:
    """What is mounted, as a path of its filesystem; also where the host has taken the name away."""
    return mount.root.removesuffix(_DELETED) or "/"


def visible(table: Sequence[Mount]) -> tuple[Mount, ...]:
    """The mounts that can be reached: the last one on each mount point, and none below a later mount of a parent."""
    seen: dict[str, Mount] = {}
    for mount in table:
        seen = {point: m for point, m in seen.items() if not is_below(point, mount.mount_point)}
        seen[mount.mount_point] = mount
    return tuple(seen.values())


def mount_at(table: Iterable[Mount], path: str) -> Mount | None:
    """The mount that ``path`` (free of links) is on: the longest mount point, the last of several there."""
    best: Mount | None = None
    for mount in table:
        if contains(mount.mount_point, path) and (best is None or len(mount.mount_point) >= len(best.mount_point)):
            best = mount
    return best


def contains(directory: str, path: str) -> bool:
    """Whether ``path`` is ``directory`` or below it. By whole components."""
    return path == directory or is_below(path, directory)


def is_below(path: str, directory: str) -> bool:
    """Whether ``path`` is strictly below ``directory``. By whole components."""
    return path != directory and path.startswith(directory.rstrip("/") + "/")


def join(directory: str, relative: str) -> str:
    """``relative`` ("" for the directory itself) below ``directory``."""
    return f"{directory.rstrip('/')}/{relative}" if relative else directory


def relative_to(path: str, directory: str) -> str:
    """What comes after ``directory`` in ``path``, which it contains."""
    return path[len(directory.rstrip("/")) + 1 :]


def engines_own(mount_point: str) -> bool:
    """Whether engines mount something there without being told to."""
    return mount_point in _ENGINES_FILES or any(contains(tree, mount_point) for tree in _ENGINES_TREES)


def container_id(table: Iterable[Mount]) -> str:
    """The container's id out of where its ``/etc/hosts`` and the like come from, "" where that does not tell.

    Containers that share another one's network have that one's files: what the cgroup says goes first.
    """
    for mount in table:
        if mount.mount_point in {"/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/run/.containerenv"}:
            found = _CONTAINER_ID.search(mount.root)
            if found:
                return found[1]
    return ""


def pseudo(mount: Mount) -> bool:
    """Whether this is the kernel's own: processes, devices, namespaces."""
    return mount.fs_type in _PSEUDO


def at_runtime(path: str) -> bool:
    """Whether a path of the host is one of those whose content nobody expects to outlive a restart."""
    return any(contains(tree, path) for tree in _RUNTIME)


def host_paths(table: Iterable[Mount], mount: Mount) -> tuple[str, ...]:
    """Where the host sees what ``mount`` (of another table) shows: by device and root field, the nearest first.

    A filesystem may be mounted several times on the host, so that each answer has to be verified by its inode.
    """
    wanted, root = device(mount), root_of(mount)
    fitting = [m for m in table if device(m) == wanted and contains(m.root, root)]
    fitting.sort(key=lambda m: len(m.root), reverse=True)
    return tuple(join(m.mount_point, relative_to(root, m.root)) if root != m.root else m.mount_point for m in fitting)


def place_of(table: Sequence[Mount], path: str) -> tuple[str, str] | None:
    """Device and path within the filesystem of what the host calls ``path``: the coordinates that all tables share."""
    mount = mount_at(table, path)
    if mount is None:
        return None
    root = root_of(mount)
    return device(mount), root if path == mount.mount_point else join(root, relative_to(path, mount.mount_point))
