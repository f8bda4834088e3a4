"""Rules that compare mounts: within a service, and between services."""

from __future__ import annotations

import os
import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from confkeep.layout.compose_entries import INLINE
from confkeep.layout.compose_finding import Finding, Fix
from confkeep.layout.compose_mount import Kind, Mount
from confkeep.layout.compose_sources import named_as_config
from confkeep.layout.diagnosis import Severity

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from confkeep.layout.compose_finding import Seen

_DECLARED = (Kind.BIND, Kind.VOLUME)


def _above(path: str) -> Iterator[str]:
    """The directories that a path lies in, the nearest first."""
    while (parent := posixpath.dirname(path)) != path:
        yield parent
        path = parent


def readonly_rootfs(seen: Seen) -> Iterator[Finding]:
    """MNT010: a file bind that may be written, in a directory where no temporary file can be made."""
    for service in seen.stack.mounts:
        mounts = seen.stack.mounts[service]
        for mount in mounts.values():
            if service not in seen.stack.read_only or mount.read_only or not seen.is_file(mount):
                continue
            covering = next((mounts[path] for path in _above(mount.target) if path in mounts), None)
            if covering is None or covering.read_only:
                directory = posixpath.dirname(mount.target)
                message = f"{service} has a read-only root: {mount.target} can only be overwritten in place"
                remedy = f"mount the directory {directory} writable"
                yield Finding("MNT010", Severity.WARNING, mount, message, remedy, Fix.MOUNT_DIRECTORY)


def nested_mounts(seen: Seen) -> Iterator[Finding]:
    """MNT015. A mount in a tmpfs is left out: its placeholder is made anew at each start, where nobody else comes."""
    for service, mounts in seen.stack.mounts.items():
        for mount in mounts.values():
            outer = next((mounts[path] for path in _above(mount.target) if path in mounts), None)
            if outer is None or outer.kind not in _DECLARED or INLINE in mount.options:
                continue
            message = (
                f"{service} mounts {mount.target} inside {outer.target}: whoever removes or replaces its placeholder "
                f"in {outer.source or 'the volume'} unmounts it in the running container"
            )
            remedy = f"give it a path outside {outer.target}"
            if _shows_same(seen, outer, mount):
                remedy = f"remove this entry: {outer.target} shows it already"
            yield Finding("MNT015", Severity.WARNING, mount, message, remedy)


def _shows_same(seen: Seen, outer: Mount, inner: Mount) -> bool:
    """Whether the outer directory has at this place what the inner mount shows."""
    beneath = os.path.join(seen.real(outer), posixpath.relpath(inner.target, outer.target))
    return outer.kind is inner.kind is Kind.BIND and beneath == seen.real(inner)


def shared_writers(seen: Seen) -> Iterator[Finding]:
    """MNT017: single files, and directories and volumes that are configuration by their names."""
    groups: defaultdict[Hashable, list[Mount]] = defaultdict(list)
    for mount in seen.stack.all_mounts():
        if mount.kind in _DECLARED and mount.source and not mount.read_only and _is_configuration(seen, mount):
            groups[seen.identity(mount)].append(mount)
    for mounts in groups.values():
        services = list(dict.fromkeys(mount.service for mount in mounts))
        if len(services) > 1:
            second = next(mount for mount in mounts if mount.service == services[1])
            message = f"{', '.join(services)} may all write {second.source}: one can undo what another has saved"
            remedy = "let one of them write it and mount it read-only (`:ro`) in the others"
            yield Finding("MNT017", Severity.WARNING, second, message, remedy)


def _is_configuration(seen: Seen, mount: Mount) -> bool:
    if seen.is_file(mount):
        return True
    by_name = named_as_config(mount.target) or named_as_config(os.path.basename(mount.source))
    return by_name and (mount.kind is Kind.VOLUME or seen.is_directory(mount))


def mixed_granularity(seen: Seen) -> Iterator[Finding]:
    """MNT018. A directory that is mounted read-only is left out: nobody renames a file in it through that mount."""
    directories: defaultdict[str, list[Mount]] = defaultdict(list)
    mounts = seen.stack.all_mounts()
    for mount in mounts:
        if seen.is_directory(mount) and not mount.read_only:
            directories[seen.real(mount)].append(mount)
    for mount in mounts:
        if seen.is_file(mount) and (other := _other_way(seen, mount, directories)) is not None:
            message = (
                f"{mount.service} mounts the single file {mount.source}, {other.service} its directory {other.source}: "
                f"what {other.service} saves by a rename is never seen on {mount.target}"
            )
            remedy = "mount the directory in both, or the same single file in both"
            yield Finding("MNT018", Severity.ERROR, mount, message, remedy, Fix.MOUNT_DIRECTORY)


def _other_way(seen: Seen, mount: Mount, directories: dict[str, list[Mount]]) -> Mount | None:
    """A mount of a directory that shows the file elsewhere; at the same place of the same service it is nested."""
    real = seen.real(mount)
    for above in _above(real):
        for other in directories.get(above, ()):
            path = posixpath.join(other.target, posixpath.relpath(real, above))
            if (other.service, path) != (mount.service, mount.target):
                return other
    return None
