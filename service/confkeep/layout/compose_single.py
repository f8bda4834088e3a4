"""Rules about one mount by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.layout.compose_entries import INLINE
from confkeep.layout.compose_finding import Finding, Fix, Seen
from confkeep.layout.compose_mount import Kind, Mount
from confkeep.layout.compose_sources import Shape, named_as_config, named_as_file, named_as_socket
from confkeep.layout.diagnosis import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SOCKET: Final = "confkeep.sock"
_OBJECTS: Final = (Kind.CONFIG, Kind.SECRET)


def single_file_bind(seen: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT001."""
    if not seen.is_file(mount):
        return
    why = "" if seen.look(mount).shape is Shape.FILE else " (a file by its name; it is not there to be looked at)"
    message = (
        f"{mount.service} mounts the single file {mount.source}{why} on {mount.target}: it keeps that one inode, and "
        "shows the old content once anybody saves the file by a rename"
    )
    remedy = (
        f"mount the directory in every service that uses the file ({_directories(seen, mount)}); it hides what the "
        "image has in that place"
        if seen.is_own_directory(os.path.dirname(mount.source))
        else f"give the file a directory of its own and mount that; where only the host changes it, restart "
        f"{mount.service} after each change"
    )
    yield Finding("MNT001", Severity.WARNING, mount, message, remedy, Fix.MOUNT_DIRECTORY)


def _directories(seen: Seen, mount: Mount) -> str:
    """The mount of the directories in the short notation, as a person would write it."""
    source, base = os.path.dirname(mount.source), seen.stack.where.directory
    if source.startswith(f"{base}/"):
        source = f".{source.removeprefix(base)}"
    return f"{source}:{os.path.dirname(mount.target)}"


def source_missing(seen: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT006, MNT008."""
    shape = seen.look(mount).shape
    is_file = (
        seen.is_file(mount) or mount.kind in _OBJECTS or named_as_file(mount.source) or named_as_socket(mount.source)
    )
    kind = "socket" if named_as_socket(mount.source) else "file" if is_file else "directory"
    if shape is Shape.EMPTY_DIRECTORY and mount.kind is Kind.BIND:
        message = f"{mount.source} is an empty directory: the engine makes one where what is to be mounted is missing"
        # A container that has been started has made a directory in its own layer too: it must be made anew.
        remedy = (
            f"remove the container (`docker compose rm --stop {mount.service}`), remove the directory and create the "
            f"{kind}; then create the container anew"
        )
        yield Finding("MNT006", Severity.ERROR, mount, message, remedy)
    elif shape is Shape.MISSING and mount.creates:
        message = (
            f"{mount.source} does not exist on this host: the engine will make a directory of that name, owned by root"
        )
        remedy = (
            f"create the {kind} before {mount.service} starts; `create_host_path: false` makes its absence an error"
        )
        severity = Severity.NOTE if kind == "directory" else Severity.ERROR
        yield Finding("MNT006", severity, mount, message, remedy, Fix.DO_NOT_CREATE)
    elif shape is Shape.MISSING:
        message = f"{mount.source} does not exist on this host: {mount.service} will not start"
        yield Finding("MNT008", Severity.ERROR, mount, message, f"create the {kind}")


def readonly_mount(seen: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT009; nobody saves to a socket or a device."""
    is_saved_to = mount.kind is Kind.VOLUME or seen.is_file(mount) or seen.is_directory(mount)
    if not mount.read_only or not is_saved_to or named_as_socket(mount.source):
        return
    writers = sorted({other.service for other in seen.users(mount) if not other.read_only})
    remedy = (
        f"nothing, as long as only {', '.join(writers)} saves to it"
        if writers
        else f"where {mount.service} is the one service that saves to it, drop the read-only option"
    )
    message = f"{mount.service} mounts {mount.source or 'a volume'} on {mount.target} read-only and cannot save there"
    yield Finding("MNT009", Severity.NOTE, mount, message, remedy, None if writers else Fix.MAKE_WRITABLE)


def tmpfs(_: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT012, where the path is one of configuration: for scratch space a tmpfs is right."""
    if mount.kind is Kind.TMPFS and named_as_config(mount.target):
        message = f"{mount.target} of {mount.service} is a tmpfs: what is saved there is lost when the container stops"
        yield Finding("MNT012", Severity.ERROR, mount, message, "mount a directory of the host or a named volume there")


def anonymous_volume(_: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT013."""
    if mount.kind is Kind.VOLUME and not mount.source:
        message = (
            f"{mount.target} of {mount.service} is a volume without a name: `docker compose down` forgets it, "
            "and what was saved there with it"
        )
        yield Finding("MNT013", Severity.WARNING, mount, message, "give the volume a name", Fix.NAME_VOLUME)


def managed_config(_: Seen, mount: Mount) -> Iterator[Finding]:
    """MNT025, MNT026."""
    if mount.kind not in _OBJECTS:
        return
    name = f"the {mount.kind} on {mount.target} of {mount.service}"
    if INLINE in mount.options:
        message = (
            f"{name} is copied into the container's own layer: what is saved there is lost when it is created anew"
        )
        yield Finding("MNT026", Severity.WARNING, mount, message, "put the text into a file and mount its directory")
    else:
        source = mount.source or "its source, which is not in this file"
        message = f"{name} is managed by Compose: it cannot be saved in the container"
        yield Finding("MNT025", Severity.NOTE, mount, message, f"edit {source}, then create the container anew")


def socket_file(seen: Seen, mount: Mount) -> Iterator[Finding]:
    """STA002; ``docker.sock`` is another matter."""
    names = {os.path.basename(mount.source), os.path.basename(mount.target)}
    if mount.kind is Kind.BIND and _SOCKET in names and seen.look(mount).shape is not Shape.DIRECTORY:
        message = f"{mount.service} mounts the socket file {mount.source}: it is dead once confkeep starts again"
        remedy = f"mount the directory of the socket: {_directories(seen, mount)}"
        yield Finding("STA002", Severity.ERROR, mount, message, remedy, Fix.MOUNT_SOCKET_DIRECTORY)


_Rule: TypeAlias = "Callable[[Seen, Mount], Iterator[Finding]]"
EACH: Final[tuple[_Rule, ...]] = (
    single_file_bind,
    source_missing,
    readonly_mount,
    tmpfs,
    anonymous_volume,
    managed_config,
    socket_file,
)
