"""All containers and what they hold, in one picture: who sees which file, where, and through which mount."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from confkeep.layout import mounttable
from confkeep.layout.holdings import Holding, holdings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from confkeep.files.mounts import Mount
    from confkeep.layout.diagnosis import Source
    from confkeep.layout.model import Container

_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Survey:
    """One moment's look. ``sources``: of each source "ok" or why it could not be used.

    ``host_table``: the host's own mounts, which turn a place within a filesystem into a path of the host; None where it
    cannot be seen. ``selinux``: whether it is enforcing, None where nobody knows. ``live``: looked at on this machine
    just now, and not read from a capture.
    """

    containers: tuple[Container, ...]
    sources: Mapping[Source, str]
    host_table: tuple[Mount, ...] | None = None
    selinux: bool | None = None
    live: bool = True

    @cached_property
    def everything(self) -> tuple[Holding, ...]:
        """Every mount of every container and of every other process, but the engines' own."""
        return tuple(holding for container in self.containers for holding in holdings_of(container, self.host_table))

    @cached_property
    def holdings(self) -> tuple[Holding, ...]:
        """Those of containers: what other processes mount for themselves (systemd's services) is nobody's layout."""
        return tuple(holding for holding in self.everything if holding.container.contained)

    def of(self, container: Container) -> tuple[Holding, ...]:
        """What this one holds."""
        return self._by_container.get(id(container), ())

    def holders(self, inode: tuple[str, int] | None, place: tuple[str, str] | None) -> tuple[Holding, ...]:
        """Who has mounted exactly this inode, by itself: for a regular file, every file bind of it.

        ``inode``: device (``major:minor`` of stat) and number. ``place``: device and root field of mountinfo, for where
        nobody may stat in other containers. Two look-ups in a dictionary.
        """
        found = {id(holding): holding for holding in self._by_inode.get(inode, ())} if inode else {}
        if place:
            found |= {id(holding): holding for holding in self.at(place) if not holding.stale}
        return tuple(found.values())

    def at(self, place: tuple[str, str]) -> tuple[Holding, ...]:
        """Who mounts this place of a filesystem, also where what is mounted has lost its name there meanwhile."""
        return self._by_place.get(place, ())

    def over(self, place: tuple[str, str]) -> Iterator[tuple[Holding, str]]:
        """Who mounts a directory above this place and reaches it through that, and the path at which it sees it."""
        device, root = place
        directory: str = root
        while directory not in {"/", ""}:  # nsfs has names without a slash
            directory = posixpath.dirname(directory)
            for holding in self.at((device, directory)):
                path = mounttable.join(holding.path, mounttable.relative_to(root, directory))
                if self.carries(holding, path):
                    yield holding, path

    def carries(self, holding: Holding, path: str) -> bool:
        """Whether ``path``, as its container calls it, is on this mount and on no other one below it."""
        inner = (other.path for other in self.of(holding.container) if mounttable.is_below(other.path, holding.path))
        return mounttable.contains(holding.path, path) and not any(mounttable.contains(one, path) for one in inner)

    def first(self, name: str) -> Survey:
        """The same with the container of this name (or id) first: rules that concern several name that one."""
        return replace(self, containers=tuple(sorted(self.containers, key=lambda one: not is_called(one, name))))

    @cached_property
    def _by_container(self) -> dict[int, tuple[Holding, ...]]:
        return _grouped((id(holding.container), holding) for holding in self.everything)

    @cached_property
    def _by_inode(self) -> dict[tuple[str, int], tuple[Holding, ...]]:
        return _grouped((holding.inode, holding) for holding in self.everything if holding.inode)

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], tuple[Holding, ...]]:
        return _grouped((holding.place, holding) for holding in self.everything if holding.place)


def is_called(container: Container, name: str) -> bool:
    """Whether people mean this one by ``name``: its name, its id, or the first twelve digits or more of it."""
    shortest = 12  # as engines print it
    return container.name == name or (len(name) >= shortest and container.id.startswith(name))


def _grouped(pairs: Iterable[tuple[_Key, Holding]]) -> dict[_Key, tuple[Holding, ...]]:
    groups: dict[_Key, list[Holding]] = {}
    for key, holding in pairs:
        groups.setdefault(key, []).append(holding)
    return {key: tuple(group) for key, group in groups.items()}
