"""Whether a folder can be replaced, or must stay and get new contents, or why neither; found before it is built."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from confkeep.errors import AlreadyExists, NoPermission, NotADirectory, TargetBusy
from confkeep.files import metadata, mounts
from confkeep.files.place import Place
from confkeep.files.refusal import of_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How the kernel writes these in mountinfo (proc_pid_mountinfo(5)).
_ESCAPED: Final = {byte: b"\\%03o" % byte for byte in b" \t\n\\"}


def ground_of(place: Place, *, overwrite: bool) -> str | None:
    """Why the folder at ``place`` must stay, None when it can be replaced or nothing is there.

    Raises AlreadyExists, NotADirectory, TargetBusy, and as the refusals of a file's directory.
    """
    parent = mounts.facts(place.parent, place.parent)
    closed = of_directory(place, parent)
    fd = place.look()
    if fd is None:
        if closed is not None:
            raise closed
        return None
    try:
        found = mounts.facts(fd, place.parent)
        if not overwrite:
            if closed is not None:
                raise exists(place.path)
            return None  # whether it is there counts when it is published
        if not stat.S_ISDIR(found.mode):
            raise no_directory(place.path)
        stays = _why_it_stays(parent, found, closed=closed is not None)
        if found.nlink == 0 and stays is None:
            return None  # another process has just replaced it
        own = of_directory(Place(fd, "", f"{place.path}/"), found)
    finally:
        os.close(fd)
    if own is not None and (stays is not None or not isinstance(own, NoPermission)):
        raise own
    refuse_mounts(place.path)
    return stays


def exists(path: str) -> AlreadyExists:
    """Something is there, and the caller does not want it replaced."""
    return AlreadyExists(f"{path} is there already", remedy="leave it, or say that it is to be replaced")


def no_directory(path: str) -> NotADirectory:
    """A folder replaces nothing but a folder."""
    return NotADirectory(f"{path} is not a directory", remedy="name a folder, or remove what is there")


def _why_it_stays(parent: mounts.Facts, found: mounts.Facts, *, closed: bool) -> str | None:
    if found.mount_root:
        return "the folder is a mount point"
    if closed:
        return "its parent directory cannot be written"
    sticky = parent.mode & stat.S_ISVTX and os.geteuid() not in {found.uid, parent.uid}
    if sticky and not metadata.may_remove_others():
        return "the sticky bit of its parent directory leaves it to its owner"
    return None


def refuse_mounts(path: str) -> None:
    """Raise TargetBusy when something is mounted below the folder ``path``: it would go with the old folder."""
    for mount in _mounts_below(path):
        raise TargetBusy(
            f"something is mounted in the folder {path}, at {mount.mount_point}: it cannot be replaced",
            remedy="unmount it, or build the folders beside it one by one",
            evidence=mount.line,
        )


def _mounts_below(path: str) -> Iterator[mounts.Mount]:
    """Those that can be seen: not what another mount has covered."""
    prefix = os.path.join(path, "")
    escaped = b"".join(_ESCAPED.get(byte, bytes([byte])) for byte in os.fsencode(prefix))
    with Path("/proc/self/mountinfo").open("rb") as table:
        for line in table:
            if escaped not in line:
                continue
            mount = mounts.parse_mount(os.fsdecode(line.rstrip(b"\n")))
            if mount.mount_point.startswith(prefix) and _is_seen(mount):
                yield mount


def _is_seen(mount: mounts.Mount) -> bool:
    try:
        fd = os.open(mount.mount_point, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return mounts.facts(fd, fd).mount_id == mount.mount_id
    finally:
        os.close(fd)
