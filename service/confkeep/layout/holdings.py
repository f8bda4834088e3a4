"""One mount in one container, with everything that follows from the evidence: what is held, where, and how."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from confkeep.layout import mounttable, names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from confkeep.files.mounts import Mount
    from confkeep.layout.model import Container, Declared, Kind, Stat


@dataclass(frozen=True, slots=True)
class Holding:
    """What ``container`` holds at ``path``, by the kernel's ``mount`` or (where nobody sees that) as ``declared``.

    ``kind`` is what stat says, or else (``guessed``) what the structure and the name suggest. ``place``: device and
    path within the filesystem, the same in every table of mounts; from the engine alone, "" and the host's path.
    ``inode``: what the container sees there. ``host_path``: ``verified`` when the host sees the same inode at it.
    ``came_along``: the host has the same mount at that place below what is mounted around it.
    """

    container: Container
    path: str
    mount: Mount | None
    declared: Declared | None
    kind: Kind
    guessed: bool
    place: tuple[str, str] | None
    inode: tuple[str, int] | None
    host_path: str | None
    verified: bool
    came_along: bool = False

    @property
    def read_only(self) -> bool:
        """Whether the container may not write through this mount."""
        if self.mount is not None:
            return self.mount.read_only or "ro" in self.mount.super_options
        return self.declared is not None and self.declared.read_only

    @property
    def stale(self) -> bool:
        """Whether the kernel says that what is mounted has lost its name."""
        return self.mount is not None and self.mount.deleted

    @property
    def ours_to_judge(self) -> bool:
        """Whether somebody asked for this mount, as far as is known: not a submount that came along with another."""
        return self.declared is not None or (self.container.declared is None and not self.came_along)

    @property
    def evidence(self) -> str:
        """The very line of mountinfo, or else what the engine says."""
        if self.mount is not None:
            return self.mount.line
        if self.declared is None:
            return ""
        rights = "ro" if self.declared.read_only else "rw"
        return f"{self.declared.kind} {self.declared.source or self.declared.volume} at {self.path} ({rights})"

    @property
    def seen(self) -> Stat | None:
        """What the container sees at the mount point, None where nobody could look."""
        return self.container.inside.get(self.path)


def holdings_of(container: Container, host_table: Sequence[Mount] | None) -> Iterator[Holding]:
    """Every mount of ``container`` but the engine's own; of one that does not run, none."""
    if container.table is not None:
        table = mounttable.visible(container.table)
        points = tuple(mount.mount_point for mount in table)
        declared = matched(table, container.declared or ())
        on_host = frozenset((m.mount_point, mounttable.device(m), m.root) for m in host_table or ())
        around = _Around(container, host_table, points, table, on_host)
        for mount in table:
            if mount.mount_point in declared or not mounttable.engines_own(mount.mount_point):
                yield _holding(around, mount.mount_point, mount, declared)
    elif container.running:
        declared = {one.destination: one for one in container.declared or ()}
        for path in declared:
            yield _holding(_Around(container, host_table, tuple(declared)), path, None, declared)


def matched(table: Iterable[Mount], declared: Collection[Declared]) -> dict[str, Declared]:
    """By mount point, what the engine was told to mount there.

    The engine follows links of the image (``/var/run/docker.sock`` is mounted at ``/run/docker.sock``): what is not at
    its destination may be where the same source is mounted under the same name.
    """
    mounts = {mount.mount_point: mount for mount in table}
    found = {one.destination: one for one in declared if one.destination in mounts}
    for one in declared:
        if one.destination not in mounts:
            for point in mounts.keys() - found.keys():
                if posixpath.basename(point) == posixpath.basename(one.destination) and _is_of(mounts[point], one):
                    found[point] = one
    return found


def _is_of(mount: Mount, declared: Declared) -> bool:
    if declared.kind == "tmpfs":
        return mount.fs_type == "tmpfs" and mount.root == "/"
    return mount.root != "/" and declared.source.endswith(mounttable.root_of(mount))


class _Around(NamedTuple):
    """What a mount is judged with: all visible mounts of its container, and where mounts of the host are."""

    container: Container
    host_table: Sequence[Mount] | None
    points: tuple[str, ...]
    table: tuple[Mount, ...] = ()
    on_host: frozenset[tuple[str, str, str]] = frozenset()


def _holding(around: _Around, path: str, mount: Mount | None, all_declared: Mapping[str, Declared]) -> Holding:
    container, declared = around.container, all_declared.get(path)
    seen = container.inside.get(path)
    host_path, verified = _host_path(around, mount, declared, seen)
    on_host = container.host.get(host_path) if host_path and (mount is None or not mount.deleted) else None
    kind, guessed = _kind(path, mount, declared, seen or on_host, around.points)
    inode = seen.inode if seen else on_host.inode if on_host else None
    place = _place(mount, host_path, around.host_table)
    along = mount is not None and declared is None and _came_along(around, mount)
    return Holding(container, path, mount, declared, kind, guessed, place, inode, host_path, verified, along)


def _came_along(around: _Around, mount: Mount) -> bool:
    """Whether the host has this mount at the same place below what is mounted around it: a recursive bind brings it."""
    directory = posixpath.dirname(mount.mount_point)
    outer = mounttable.mount_at(around.table, directory)
    if outer is None or outer.mount_point == "/" or around.host_table is None:
        return False
    relative = mounttable.relative_to(mount.mount_point, outer.mount_point)
    places = (mounttable.join(path, relative) for path in mounttable.host_paths(around.host_table, outer))
    return any((place, mounttable.device(mount), mount.root) in around.on_host for place in places)


def _host_path(
    around: _Around, mount: Mount | None, declared: Declared | None, seen: Stat | None
) -> tuple[str | None, bool]:
    """The best path of the host, and whether it leads to the inode that the container sees."""
    paths = list(mounttable.host_paths(around.host_table, mount)) if around.host_table is not None and mount else []
    source = declared.source if declared is not None else ""
    if source:
        # What the engine was told is the name that people know; a link in it, or a mount over it, leads elsewhere.
        first = not paths or source in paths or (mount is not None and mount.deleted)
        paths.insert(0 if first else 1, source)
    if seen is not None:
        for path in paths:
            found = around.container.host.get(path)
            if found is not None and found.inode == seen.inode:
                return path, True
    return (paths[0] if paths else None), False


def _kind(
    path: str, mount: Mount | None, declared: Declared | None, found: Stat | None, points: Iterable[str]
) -> tuple[Kind, bool]:
    if mount is not None and mounttable.pseudo(mount) and mount.root != "/":
        return "other", False
    if found is not None:
        return found.kind, False
    whole = (mount is not None and mount.root == "/") or (declared is not None and declared.kind == "tmpfs")
    if whole or any(mounttable.is_below(point, path) for point in points):
        return "directory", False
    root = mounttable.root_of(mount) if mount is not None else declared.source if declared is not None else ""
    if names.of_a_file(path) or names.of_a_file(root):
        return "file", True
    return ("socket" if names.of_a_socket(path) else "directory"), True


def _place(mount: Mount | None, host_path: str | None, host_table: Sequence[Mount] | None) -> tuple[str, str] | None:
    if mount is not None:
        return mounttable.device(mount), mounttable.root_of(mount)
    if host_path is None:
        return None
    return (mounttable.place_of(host_table, host_path) if host_table is not None else None) or ("", host_path)
