"""Looking at paths as another process sees them, by the kernel's door to its root: /proc/PID/root (proc_pid_root(5)).

Links are followed here, component by component: below that door the kernel would take an absolute one from our root.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from typing import TYPE_CHECKING, Final

from confkeep.layout.model import Stat
from confkeep.layout.mounttable import mount_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from confkeep.files.mounts import Mount
    from confkeep.layout.model import Kind

_MOST_LINKS: Final = 40  # path_resolution(7)
_KINDS: Final[dict[int, Kind]] = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "link",
    stat.S_IFSOCK: "socket",
}


def look(root: str, path: str, *, labelled: bool = False) -> Stat | None:
    """What is at ``path`` (a link itself) below ``root`` ("" for our own), None where nothing is.

    Raises OSError where nobody may look, or the filesystem does not answer as it should.
    """
    full = root + path
    try:
        found = os.lstat(full)
    except (FileNotFoundError, NotADirectoryError):
        return None
    target = os.readlink(full) if stat.S_ISLNK(found.st_mode) else ""
    return Stat(
        kind=_KINDS.get(stat.S_IFMT(found.st_mode), "other"),
        dev=f"{os.major(found.st_dev)}:{os.minor(found.st_dev)}",
        ino=found.st_ino,
        nlink=found.st_nlink,
        mode=found.st_mode,
        uid=found.st_uid,
        gid=found.st_gid,
        size=found.st_size,
        target=target,
        label=_label(full) if labelled else "",
    )


def follow(root: str, path: str, table: Sequence[Mount]) -> str | None:
    """Where ``path`` ends below ``root`` once all links are followed, None for a circle.

    ``table``: the mounts there. Raises OSError, also before it would look at what is another machine's or process's: a
    stat of that may never come back.
    """
    for _ in range(_MOST_LINKS):
        link = next(_links(root, path, table), None)
        if link is None:
            return path
        followed = posixpath.join(posixpath.dirname(link), os.readlink(root + link))
        path = posixpath.normpath("/" + posixpath.join(followed, path[len(link) :].lstrip("/")).lstrip("/"))
    return None


def _links(root: str, path: str, table: Sequence[Mount]) -> Iterator[str]:
    """The prefixes of ``path`` that are links, the shortest first."""
    prefix = ""
    for part in path.strip("/").split("/"):
        prefix += "/" + part
        mount = mount_at(table, prefix)
        if mount is not None and mount.remote:
            raise OSError(errno.EREMOTE, f"it is on {mount.fs_type}", prefix)
        try:
            if stat.S_ISLNK(os.lstat(root + prefix).st_mode):
                yield prefix
        except (FileNotFoundError, NotADirectoryError):
            return


def _label(full: str) -> str:
    try:
        return os.getxattr(full, "security.selinux", follow_symlinks=False).rstrip(b"\0").decode("ascii", "replace")
    except OSError:
        return ""
