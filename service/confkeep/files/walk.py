"""The walk of a path below a root, component by component: links are followed here, so that none leads out of it.

It decides what openat2(2) cannot (files/beneath.py), and it alone says what is wrong with a path.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.errors import NotARegularFile, NotFound, OutsideRoot
from confkeep.files import mounts, syscalls

if TYPE_CHECKING:
    from confkeep.files.mounts import Facts

#: The kernel's own limit (path_resolution(7)).
MAX_LINKS: Final = 40
_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
# linux/magic.h and PROCFS_ROOT_INO of linux/fs.h
_PROC: Final = 0x9FA0
_PROC_ROOT: Final = 1

#: The directory, the last name, the path of both, and what is there.
End: TypeAlias = "tuple[int, str, str, Facts | None]"


class SingleFile(Exception):
    """The root is no directory."""


class Walk:
    """A stack of directory descriptors from the root down, which the caller closes, and the names still to go."""

    def __init__(self, root: str, relative: str, descriptors: list[int]) -> None:
        self.root = root
        self.whole = os.path.join(root, relative)
        self.pending = deque(parts_of(relative))
        self.descriptors = descriptors
        self.names: list[str] = []
        self.links = 0

    def go(self) -> End:
        """Where the path ends. Raises SingleFile, and ConfkeepError and OSError as ``resolve`` has them."""
        try:
            self.descriptors.append(os.open(self.root, _DIRECTORY))
        except NotADirectoryError as error:
            raise SingleFile from error
        except FileNotFoundError as error:
            raise NotFound(
                f"the root's directory {self.root} does not exist", remedy="create or mount it; nothing was written"
            ) from error
        while self.pending:
            end = self._step(self.pending.popleft())
            if end is not None:
                return end
        raise NotARegularFile(f"{self.whole} is a directory", remedy="name a file in it")

    def _step(self, name: str) -> End | None:
        if name == "..":
            self._up()
            return None
        parent = self.descriptors[-1]
        fd = look_at(parent, name)
        if fd is None:
            if self.pending:
                raise NotFound(f"the directory {self._path(name)} does not exist", remedy="create it first")
            return parent, name, self._path(name), None
        self.descriptors.append(fd)
        found = mounts.facts(fd, parent)
        if stat.S_ISLNK(found.mode):
            self._follow(name)
        elif not self.pending:
            os.close(self.descriptors.pop())  # so that a file that is replaced is not kept from being freed
            return parent, name, self._path(name), found
        elif not stat.S_ISDIR(found.mode):
            os.close(self.descriptors.pop())
            path = self._path(name)
            raise NotFound(
                f"{path} is not a directory", remedy="name a path whose directories exist"
            ) from NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        else:
            self.names.append(name)
        return None

    def _path(self, name: str) -> str:
        """The path of ``name`` where we are: also one that is longer than the kernel can say (PATH_MAX)."""
        try:
            return path_of(self.descriptors[-1], name)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            return os.path.join(path_of(self.descriptors[0]), *self.names, name)

    def _up(self) -> None:
        if len(self.descriptors) > 1:
            os.close(self.descriptors.pop())
            self.names.pop()
        elif path_of(self.descriptors[0]) != "/":
            raise self._outside("a symbolic link climbs above it with '..'")

    def _follow(self, name: str) -> None:
        """Go on with what a link says, the one on top of the stack, called ``name``."""
        self.links += 1
        if self.links > MAX_LINKS:
            raise NotFound(
                f"{self.whole}: more than {MAX_LINKS} symbolic links", remedy="break the loop of links"
            ) from OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.whole)
        link = self.descriptors.pop()
        try:
            magic = _is_magic(link, self.descriptors[-1])
            destination = "" if magic else os.readlink("", dir_fd=link)
        finally:
            os.close(link)
        if magic:
            raise self._outside(f"{self._path(name)} is a magic link, to what a process has open")
        if destination.startswith("/"):
            destination = self._inside(destination, name)
            close_all(self.descriptors, leave=1)
            self.names.clear()
        self.pending.extendleft(reversed(parts_of(destination)))

    def _inside(self, destination: str, name: str) -> str:
        """An absolute link's text, as seen from the root. Links are written for the path the root is known by."""
        for base in (self.root, path_of(self.descriptors[0])):
            if destination == base or destination.startswith(base.rstrip("/") + "/"):
                return destination[len(base) :]
        raise self._outside(f"the symbolic link {self._path(name)} leads to {destination}")

    def _outside(self, how: str) -> OutsideRoot:
        return OutsideRoot(
            f"{self.whole} leads out of its root {self.root}: {how}",
            remedy="move the file below the root, or configure a root that contains it",
            rule="MNT024",
        )


def _is_magic(link: int, parent: int) -> bool:
    """Whether a link leads elsewhere than its text says: those of proc, ``fd/N``, ``cwd``, ``exe``, ``root``, ``ns/X``.

    The ordinary ones there (``self``, ``mounts``) are in its first directory. Deeper down are a few for devices
    (``asound``): they are taken for magic, for nothing tells them apart without following them.
    """
    return syscalls.filesystem_type(link) == _PROC and mounts.facts(parent, parent).ino != _PROC_ROOT


def parts_of(path: str) -> list[str]:
    """The names of a path, ``..`` among them."""
    return [part for part in path.split("/") if part not in {"", "."}]


def look_at(parent: int, name: str) -> int | None:
    """O_PATH descriptor of what is called so now, a link itself; None where nothing is. The caller closes it."""
    try:
        return os.open(name, _LOOK, dir_fd=parent)
    except FileNotFoundError:
        return None


def path_of(parent: int, name: str = "") -> str:
    """The path of ``name`` in the directory ``parent``, as the kernel calls it."""
    directory = os.readlink(f"/proc/self/fd/{parent}")
    if directory.endswith(" (deleted)") and mounts.facts(parent, parent).nlink == 0:
        directory = directory.removesuffix(" (deleted)")
    return os.path.join(directory, name) if name else directory


def close_all(descriptors: list[int], *, leave: int = 0) -> None:
    """Close the last ones, but for ``leave`` of them."""
    while len(descriptors) > leave:
        with suppress(OSError):  # what was done there is done
            os.close(descriptors.pop())
