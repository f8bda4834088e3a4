"""What root may look at in other containers and on the host: stat at both ends of each mount, and what lies in it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from confkeep.layout import inroot, mounttable, names
from confkeep.layout.diagnosis import Source
from confkeep.layout.holdings import holdings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from confkeep.files.mounts import Mount
    from confkeep.layout.holdings import Holding
    from confkeep.layout.model import Container, Stat

#: Names that are looked at in one mounted directory: it may hold a photo collection.
_MOST: Final = 256


class Eyes:
    """Looks, and remembers what it has seen on the host: many containers mount the same things.

    ``host_root``: where the host's files are ("" for our own root), None where they cannot be reached.
    """

    def __init__(
        self, host_root: str | None, host_table: Sequence[Mount] | None, *, labelled: bool = False, proc: str = "/proc"
    ) -> None:
        self._host_root = host_root
        self._host_table = host_table
        self._labelled = labelled
        self._proc = proc
        self._seen: dict[str, Stat | None] = {}

    def look(self, container: Container, paths: Iterable[str] = ()) -> Container:
        """The same container with what could be seen of it, and of ``paths`` in it; what it lacks says why."""
        holdings = tuple(holdings_of(container, self._host_table))
        missing = dict(container.missing)
        inside: dict[str, Stat | None] = {}
        if container.table is not None:
            try:
                inside = self._inside(container, holdings, paths)
            except OSError as error:
                missing[Source.ROOT] = f"{self._door(container)}: {error.strerror}; it takes root with CAP_SYS_PTRACE"
        host = self._host(container, holdings)
        if self._host_root is None:
            missing.setdefault(Source.ROOT, "the host's files are not to be seen: it takes `pid: host` and root")
        return replace(container, inside=inside, host=host, image=self._image(container, holdings), missing=missing)

    # --- in the container

    def _door(self, container: Container) -> str:
        return "" if container.pid is None else f"{self._proc}/{container.pid}/root"

    def _inside(
        self, container: Container, holdings: Iterable[Holding], paths: Iterable[str]
    ) -> dict[str, Stat | None]:
        root = self._door(container)
        os.lstat(root + "/")  # nobody may enter: said once, for all
        inside: dict[str, Stat | None] = {}
        for holding in holdings:
            if holding.mount is not None and holding.mount.remote:
                continue
            for path in (holding.path, *_worth_a_look(root, holding.path)):
                self._note(inside, container, path)
        for path in paths:
            mount = mounttable.mount_at(container.table or (), path)
            if mount is not None and not mount.remote:
                self._note(inside, container, path)
        return inside

    def _note(self, inside: dict[str, Stat | None], container: Container, path: str) -> None:
        """Of a link also what it leads to."""
        root = self._door(container)
        try:
            found = inside[path] = inroot.look(root, path, labelled=self._labelled)
            if found is not None and found.kind == "link":
                end = inroot.follow(root, path, container.table or ())
                if end is not None:
                    inside[end] = inroot.look(root, end)
        except OSError:
            inside.pop(path, None)

    # --- on the host

    def _host(self, container: Container, holdings: Iterable[Holding]) -> dict[str, Stat | None]:
        if self._host_root is None or (container.engine and not container.engine.startswith("unix:")):
            return {}
        wanted = {one.source for one in container.declared or () if one.source}
        for holding in holdings:
            if holding.mount is not None and self._host_table is not None:
                wanted.update(mounttable.host_paths(self._host_table, holding.mount)[:2])
        wanted.update(_mount_points(holdings))
        found: dict[str, Stat | None] = {}
        for path in wanted:
            if path not in self._seen:
                try:
                    self._seen[path] = self._on_host(path)
                except OSError:
                    continue
            found[path] = self._seen[path]
        return found

    def _on_host(self, path: str) -> Stat | None:
        """What the host sees when links are followed, as mount(2) does. Raises OSError where that may take for ever."""
        root = self._host_root or ""
        end = inroot.follow(root, path, self._host_table or ())
        return None if end is None else inroot.look(root, end)

    def _image(self, container: Container, holdings: Iterable[Holding]) -> dict[str, bool]:
        """Of each volume whether the image has files there: in the lower layers of the container's overlay."""
        root = next((mount for mount in container.table or () if mount.mount_point == "/"), None)
        if self._host_root is None or root is None or root.fs_type != "overlay":
            return {}
        layers = [self._host_root + layer for layer in lower_layers(root) if layer.startswith("/")]
        volumes = [one.path for one in holdings if one.declared is not None and one.declared.volume]
        try:
            return {path: any(_is_filled(layer, path) for layer in layers) for path in volumes} if layers else {}
        except OSError:
            return {}


def lower_layers(mount: Mount) -> list[str]:
    """The lower directories of an overlay (Documentation/filesystems/overlayfs.rst), as its mounter called them."""
    layers: list[str] = []
    for option in mount.line.rpartition(" ")[2].split(","):
        name, _, value = option.partition("=")
        if name in {"lowerdir", "lowerdir+"}:
            layers.extend(part for part in value.split(":") if part)
    return layers


def _worth_a_look(root: str, directory: str) -> Iterator[str]:
    """Configuration files and links in a mounted directory. Nothing where it is no directory, or closed to us."""
    try:
        with os.scandir(root + directory) as entries:
            for _, entry in zip(range(_MOST), entries, strict=False):
                if names.of_a_file(entry.name) or entry.is_symlink():
                    yield mounttable.join(directory, entry.name)
    except OSError:
        return


def _mount_points(holdings: Iterable[Holding]) -> Iterator[str]:
    """Where on the host the mount points of nested mounts lie: an engine may have made files for them."""
    held = tuple(holdings)
    for inner in held:
        around = [outer for outer in held if mounttable.is_below(inner.path, outer.path)]
        outer = max(around, key=lambda one: len(one.path), default=None)
        if outer is not None and outer.host_path is not None:
            yield mounttable.join(outer.host_path, mounttable.relative_to(inner.path, outer.path))


def _is_filled(layer: str, path: str) -> bool:
    try:
        return bool(os.listdir(layer + path))
    except (FileNotFoundError, NotADirectoryError):
        return False
