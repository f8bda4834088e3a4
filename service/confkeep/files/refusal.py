"""Refusals: why a target cannot be written, found before the first byte. Each names evidence and remedy.

"Try rename, on EBUSY write in place" reports the wrong cause: on a read-only file bind, rename is EBUSY as well, and
only a look says why.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from confkeep.errors import NoPermission, NotARegularFile, ReadOnly, Refused, StaleMount
from confkeep.files import mounts

if TYPE_CHECKING:
    from confkeep.files.place import Place

_DIRECTORY_MOUNT: Final = "mount the directory instead of the file: ./conf:/config, not ./a.yaml:/config/a.yaml"


def of_file(place: Place, fd: int, found: mounts.Facts) -> Refused | None:
    """Why the file ``fd`` cannot be written, if so; the most telling reason first."""
    path = place.path
    if not stat.S_ISREG(found.mode):
        return NotARegularFile(
            f"{path} is {_kind(found.mode)}", remedy="name a regular file", evidence=f"st_mode {found.mode:o}"
        )
    mount = mounts.find_mount(found.mount_id) if found.mount_root else None
    if found.nlink == 0 or (mount and mount.deleted):
        return _stale(path, found, mount)
    if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
        return _read_only(path, found)
    if found.immutable or found.append_only or found.verity:
        return _sealed(path, found)
    if not os.access(f"/proc/self/fd/{fd}", os.W_OK):
        return NoPermission(
            f"{path} belongs to uid {found.uid}, gid {found.gid}, mode {stat.S_IMODE(found.mode):04o}: "
            f"uid {os.geteuid()} may not write it",
            remedy=f"run confkeep as uid {found.uid}, or change the file's owner or mode",
            rule="MNT019",
        )
    return None


def _sealed(path: str, found: mounts.Facts) -> ReadOnly:
    if found.verity:
        return ReadOnly(
            f"{path} is sealed by fs-verity",
            remedy="delete it on the host and create it again",
            evidence="statx: STATX_ATTR_VERITY",
        )
    flag, letter = ("immutable", "i") if found.immutable else ("append-only", "a")
    return ReadOnly(
        f"{path} is {flag} (chattr +{letter})",
        remedy=f"chattr -{letter} {path}",
        evidence=f"statx: STATX_ATTR_{'IMMUTABLE' if found.immutable else 'APPEND'}",
    )


def _stale(path: str, found: mounts.Facts, mount: mounts.Mount | None) -> StaleMount:
    return StaleMount(
        f"{path} shows a file that has lost its name on the host (its source was replaced or removed): "
        "whatever is written here is lost",
        remedy=f"restart the container (docker restart; compose up does not repair it), then {_DIRECTORY_MOUNT}",
        rule="MNT002",
        evidence=mount.line if mount else f"st_nlink {found.nlink}, inode {found.ino}",
    )


def _read_only(path: str, facts: mounts.Facts) -> ReadOnly:
    mount = mounts.find_mount(facts.mount_id)
    if mount is None:
        return ReadOnly(f"{path} is on a read-only filesystem", remedy="mount it writable")
    if not mount.read_only:
        return ReadOnly(
            f"{path} is on a read-only {mount.fs_type} filesystem ({mount.source})",
            remedy="remount the filesystem read-write; after an error of the disk, check it first",
            evidence=mount.line,
        )
    if mount.mount_point == "/":
        return ReadOnly(
            f"{path} is on the container's read-only root filesystem",
            remedy="mount the directory of the file into the container, writable",
            rule="MNT010",
            evidence=mount.line,
        )
    return ReadOnly(
        f"{path} is on a read-only mount ({mount.mount_point})",
        remedy="drop ':ro' (or read_only: true) from this mount for the one container that writes",
        rule="MNT009",
        evidence=mount.line,
    )


def of_directory(place: Place, found: mounts.Facts) -> Refused | None:
    """Why no file can be made, renamed or removed in the directory of ``place``, which is ``found``, if so."""
    if found.nlink == 0:
        return StaleMount(
            f"the directory of {place.path} has been removed: whatever is written there is lost",
            remedy="create it again; where it is mounted, restart the container",
            rule="MNT004",
            evidence="st_nlink 0",
        )
    if os.fstatvfs(place.parent).f_flag & os.ST_RDONLY:
        return _read_only(place.path, found)
    directory = place.directory
    if found.immutable or found.append_only:
        # In an append-only one a temporary file could be made, and neither be renamed nor removed again.
        flag, letter = ("immutable", "i") if found.immutable else ("append-only", "a")
        return ReadOnly(
            f"{place.path} cannot be created: its directory is {flag} (chattr +{letter})",
            remedy=f"chattr -{letter} {directory}",
            evidence=f"statx: STATX_ATTR_{'IMMUTABLE' if found.immutable else 'APPEND'}",
        )
    if not os.access(f"/proc/self/fd/{place.parent}", os.R_OK | os.W_OK | os.X_OK):
        return NoPermission(
            f"uid {os.geteuid()} may not create {place.path}: its directory is closed to it",
            remedy="give the user confkeep runs as write permission on the directory",
            rule="MNT019",
        )
    return None


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    return kinds.get(stat.S_IFMT(mode), "no regular file")
