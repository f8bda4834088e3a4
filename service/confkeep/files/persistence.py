"""Whether what is written somewhere is still there after a power cut, or after the container is recreated."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, Literal

from confkeep.errors import shown
from confkeep.files import mounts
from confkeep.files.finding import Finding

if TYPE_CHECKING:
    import os

    from confkeep.files.place import Place

_IN_MEMORY: Final = {"tmpfs", "ramfs"}
#: How an overlay says that it never flushes; newer kernels in the second way.
_UNFLUSHED: Final = {"volatile", "fsync=volatile"}


def of(place: Place, mount_id: int) -> tuple[Finding, ...]:
    """The finding about the file at ``place``, if there is one (doctor's rule MNT011)."""
    layer = _container_layer()
    if layer is None or layer.mount_id != mount_id:
        return ()
    return (
        Finding(
            rule="MNT011",
            severity="error",
            message=f"{shown(place.path)} is in the container's own layer: it is lost when the container is recreated",
            remedy="mount its directory from the host or from a named volume",
            evidence=layer.line,
        ),
    )


@cache
def _container_layer() -> mounts.Mount | None:
    """The mount of ``/`` where that is an overlay; it stays the same for the life of a process."""
    mount = mounts.mount_of("/")
    return mount if mount and mount.fs_type == "overlay" else None


def of_state(directory: str | os.PathLike[str]) -> Finding | None:
    """Why the state directory cannot hold the journal's promise (an error), or not for long (a warning)."""
    mount = mounts.mount_of(directory)
    if mount is None:
        return None
    if mount.fs_type in _IN_MEMORY or (mount.fs_type == "overlay" and mount.super_options & _UNFLUSHED):
        return _state(mount, "error", f"the state directory {directory} is on {mount.fs_type}: a power cut loses it")
    if mount == _container_layer():
        return _state(mount, "warning", f"the state directory {directory} is lost when the container is recreated")
    return None


def _state(mount: mounts.Mount, severity: Literal["error", "warning"], message: str) -> Finding:
    return Finding("STA001", severity, message, "put the state directory on a named volume or a disk", mount.line)
