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


def of_file(place: Place, fd: int, found: os.stat_result, facts: mounts.Facts) -> Refused | None:
    """Why the file ``fd`` cannot be written, if so; the most telling reason first."""
    path = place.path
    if not stat.S_ISREG(found.st_mode):
        return NotARegularFile(f"{path} is {_kind(found.st_mode)}", remedy="name a regular file")
    mount = mounts.find_mount(facts.mount_id) if facts.mount_root else None
    if found.st_nlink == 0 or (mount and mount.deleted):
        return _stale(path, found, mount)
    if os.fstatvfs(fd).f_flag & os.ST_RDONLY:
        return _read_only(path, facts)
    if facts.immutable or facts.append_only:
        flag = "immutable (chattr +i)" if facts.immutable else "append-only (chattr +a)"
        return ReadOnly(f"{path} is {flag}", remedy=f"chattr -{'i' if facts.immutable else 'a'} {path}")
    if not os.access(f"/proc/self/fd/{fd}", os.W_OK):
        return NoPermission(
            f"{path} belongs to uid {found.st_uid}, gid {found.st_gid}, mode {stat.S_IMODE(found.st_mode):04o}: "
            f"uid {os.geteuid()} may not write it",
            remedy=f"run confkeep as uid {found.st_uid}, or change the file's owner or mode",
            rule="MNT019",
        )
    return None


def _stale(path: str, found: os.stat_result, mount: mounts.Mount | None) -> StaleMount:
    return StaleMount(
        f"{path} shows a file that has lost its name on the host (its source was replaced or removed): "
        "whatever is written here is lost",
        remedy=f"restart the container (docker restart; compose up does not repair it), then {_DIRECTORY_MOUNT}",
        rule="MNT002",
        evidence=mount.line if mount else f"st_nlink {found.st_nlink}, inode {found.st_ino}",
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


def of_directory(place: Place) -> Refused | None:
    """Why no new file can be made in the directory of ``place``, if so."""
    if os.fstat(place.parent).st_nlink == 0:
        return StaleMount(
            f"the directory of {place.path} has been removed: whatever is written there is lost",
            remedy="create it again; where it is mounted, restart the container",
            rule="MNT004",
            evidence="st_nlink 0",
        )
    if os.fstatvfs(place.parent).f_flag & os.ST_RDONLY:
        return _read_only(place.path, mounts.facts(place.parent, place.parent))
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
