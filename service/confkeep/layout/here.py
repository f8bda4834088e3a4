"""Where we ourselves see what others hold: paths of ours, places within filesystems that all tables of mounts share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.layout import mounttable
from confkeep.layout.mounttable import contains, join, relative_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.files.mounts import Mount
    from confkeep.layout.diagnosis import Diagnosis
    from confkeep.layout.model import Container
    from confkeep.layout.survey import Survey

#: Device and path within the filesystem; of what only an engine has told, "" and the host's path.
Spot = tuple[str, str]


@dataclass(frozen=True)
class Here:
    """One survey, seen from our side. ``table``: our own mounts. ``ours``: our own container, None on the host."""

    survey: Survey
    table: tuple[Mount, ...]
    ours: Container | None

    @classmethod
    def of(cls, survey: Survey, own: Container) -> Here:
        """``own``: what we see ourselves (processes.own_view)."""
        table = own.table or ()
        number = own.id or mounttable.container_id(table)
        ours = next((one for one in survey.containers if not one.name or (number and one.id == number)), None)
        return cls(survey, table, ours or (own if own.contained else None))

    def spot(self, path: str, mount: Mount | None = None) -> Spot | None:
        """Where ``path``, which is on ``mount``, lies. None where that mount is not at hand, or has moved."""
        mount = mount or mounttable.mount_at(self.table, path)
        if mount is None or not contains(mount.mount_point, path):
            return None
        return mounttable.device(mount), _inside(mounttable.root_of(mount), path, mount.mount_point)

    def declared_spot(self, path: str) -> Spot | None:
        """What the host calls it, by what our own engine was told to mount."""
        declared = [one for one in (self.ours.declared if self.ours else None) or () if one.source]
        fitting = [one for one in declared if contains(one.destination, path)]
        if not fitting:
            return None
        best = max(fitting, key=lambda one: len(one.destination))
        return "", _inside(best.source, path, best.destination)

    def paths(self, found: Diagnosis) -> frozenset[str]:
        """What a finding is about, as we see it ourselves: every path of ours that leads there, or none."""
        if not found.container or (self.ours is not None and found.container == self.ours.name):
            return frozenset({found.path})
        return frozenset(path for spot in self._spots(found) for path in self._at(spot))

    def _spots(self, found: Diagnosis) -> Iterator[Spot]:
        container = next((one for one in self.survey.containers if one.name == found.container), None)
        for holding in self.survey.of(container) if container else ():
            if holding.path == found.path and holding.place:
                yield holding.place
        if found.host_path:
            yield "", found.host_path
            on_host = mounttable.place_of(self.survey.host_table or (), found.host_path)
            if on_host:
                yield on_host

    def _at(self, spot: Spot) -> Iterator[str]:
        device, root = spot
        if not device:
            if self.ours is None:
                yield root  # we are on the host
            for one in (self.ours.declared if self.ours else None) or ():
                if one.source and contains(one.source, root):
                    yield _inside(one.destination, root, one.source)
            return
        for mount in self.table:
            base = mounttable.root_of(mount)
            if mounttable.device(mount) == device and contains(base, root):
                path = _inside(mount.mount_point, root, base)
                if mounttable.mount_at(self.table, path) is mount:
                    yield path


def _inside(directory: str, path: str, above: str) -> str:
    """What ``path`` below ``above`` is called below ``directory``."""
    return join(directory, relative_to(path, above) if path != above else "")
