"""Where a path leads: from the root to the descriptor of a directory, which cannot be swapped, and a name in it.

The kernel follows the directories where it can keep them below the root (files/beneath.py). Everything else, and every
error, is the walk's: component by component, symbolic links followed here, so that none leads out of the root.
Mount points are crossed on purpose: nested binds are the case confkeep exists for.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.errors import BadPath, NoPermission, NotARegularFile, NotFound, OutsideRoot
from confkeep.files import beneath, mounts, syscalls
from confkeep.files.root import ANYWHERE

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.mounts import Facts
    from confkeep.files.root import Root

#: The kernel's own limit (path_resolution(7)).
MAX_LINKS: Final = 40
_LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
# linux/magic.h and PROCFS_ROOT_INO of linux/fs.h
_PROC: Final = 0x9FA0
_PROC_ROOT: Final = 1


@dataclass(frozen=True, slots=True)
class Place:
    """The directory (O_PATH descriptor) and name a path leads to, whether or not something is there.

    ``path`` is absolute and as the kernel calls it, free of links: one file has one name in the history. ``passed`` is
    what was seen there on the way: only a look says what is there now.
    """

    parent: int
    name: str
    path: str
    passed: Facts | None = None

    @property
    def directory(self) -> str:
        """The path of the directory."""
        return self.path.rpartition("/")[0] or "/"

    def look(self) -> int | None:
        """O_PATH descriptor of what is there now, None where nothing is. The caller closes it."""
        return _look(self.parent, self.name)


@contextmanager
def resolve(root: Root, relative: str) -> Generator[Place]:
    """Where ``relative`` leads from ``root``; the place is open inside the ``with``.

    Raises BadPath (a NUL, or a name too long), NotFound (a directory on the way is missing), OutsideRoot (also for the
    magic links of proc, proc_pid_fd(5)), NotARegularFile (the path ends in a directory that has no name below the
    root), NoPermission.
    """
    _refuse_nul(relative)
    held: list[int] = []
    try:
        try:
            place = _found(root.path, relative, held)
        except _SingleFile as error:
            if relative != os.path.basename(root.path):
                raise NotFound(
                    f"root {root.name!r} is the single file {root.path}; it holds nothing called {relative!r}",
                    remedy=f"address it as {root.name}/{os.path.basename(root.path)}",
                ) from error
            # The settings name this very file: wherever its links lead is allowed.
            place = _found("/", root.path, held)
        yield place
    finally:
        _close(held)


@contextmanager
def at(path: str, *, follow: bool = True) -> Generator[Place]:
    """The place of any ``path``, relative to the working directory or absolute, wherever its links lead.

    As ``resolve`` below ``/``; but the kernel follows the directories, for there is no root to leave: 4 calls however
    deep the path is. ``follow`` False: a link as the last name is the place itself, as open(2) with O_EXCL has it.
    Raises as ``resolve``.
    """
    _refuse_nul(path)
    parent = _parent_of(path)
    try:
        place = None if parent is None else _last(parent, os.path.basename(path), follow=follow)
        if place is not None:
            yield place
            return
    finally:
        if parent is not None:
            with suppress(OSError):  # what was done there is done
                os.close(parent)
    with resolve(ANYWHERE, path if os.path.isabs(path) else os.path.join(os.getcwd(), path)) as place:
        yield place


def _parent_of(path: str) -> int | None:
    """The directory of ``path``; None where ``resolve`` has to look at it more closely, or to say what is wrong."""
    directory, name = os.path.split(path)
    if name in {"", ".", ".."}:
        return None
    try:
        return os.open(directory or ".", _DIRECTORY)
    except OSError:
        return None


def _refuse_nul(path: str) -> None:
    # To a system call the path would end there, and be another one.
    if "\0" in path:
        raise BadPath(f"{path!r} has a NUL in it", remedy="leave it out")


def _last(parent: int, name: str, *, follow: bool = True) -> Place | None:
    """What the last name of a path leads to; None where that is a link."""
    try:
        found = mounts.facts_at(parent, name)
        if follow and found is not None and stat.S_ISLNK(found.mode):
            return None
        return Place(parent, name, _path(parent, name), found)
    except OSError:
        return None


def _look(parent: int, name: str) -> int | None:
    try:
        return os.open(name, _LOOK, dir_fd=parent)
    except FileNotFoundError:
        return None


def _path(parent: int, name: str = "") -> str:
    """The path of ``name`` in the directory ``parent``, as the kernel calls it."""
    directory = os.readlink(f"/proc/self/fd/{parent}")
    if directory.endswith(" (deleted)") and mounts.facts(parent, parent).nlink == 0:
        directory = directory.removesuffix(" (deleted)")
    return os.path.join(directory, name) if name else directory


def _close(descriptors: list[int], *, leave: int = 0) -> None:
    while len(descriptors) > leave:
        with suppress(OSError):  # what was done there is done
            os.close(descriptors.pop())


class _SingleFile(Exception):
    """The root is no directory."""


def _found(root: str, relative: str, held: list[int]) -> Place:
    """The place, its directory ``held`` open."""
    names = _parts(relative)
    if names and names[-1] != "..":
        parent = beneath.open_directory(root, names[:-1])
        if parent is not None:
            held.append(parent)
            place = _last(parent, names[-1])
            if place is not None:
                return place
            _close(held)
    return _go(_Walk(root, relative, held))


def _go(walk: _Walk) -> Place:
    try:
        return walk.go()
    except PermissionError as error:
        raise NoPermission(
            f"no permission to look at {error.filename!r} on the way to {walk.whole}",
            remedy="give the user confkeep runs as search permission (x) on each directory of the path",
            rule="MNT019",
        ) from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise BadPath(f"{walk.whole!r} or a name in it is longer than the kernel takes", remedy="shorten it") from error


class _Walk:
    """A stack of directory descriptors from the root down, which the caller closes, and the names still to go."""

    def __init__(self, root: str, relative: str, descriptors: list[int]) -> None:
        self.root = root
        self.whole = os.path.join(root, relative)
        self.pending = deque(_parts(relative))
        self.descriptors = descriptors
        self.links = 0

    def go(self) -> Place:
        try:
            self.descriptors.append(os.open(self.root, _DIRECTORY))
        except NotADirectoryError as error:
            raise _SingleFile from error
        except FileNotFoundError as error:
            raise NotFound(
                f"the root's directory {self.root} does not exist", remedy="create or mount it; nothing was written"
            ) from error
        while self.pending:
            place = self.step(self.pending.popleft())
            if place is not None:
                return place
        raise NotARegularFile(f"{self.whole} is a directory", remedy="name a file in it")

    def step(self, name: str) -> Place | None:
        if name == "..":
            self.up()
            return None
        parent = self.descriptors[-1]
        fd = _look(parent, name)
        if fd is None:
            if self.pending:
                raise NotFound(f"the directory {_path(parent, name)} does not exist", remedy="create it first")
            return Place(parent, name, _path(parent, name))
        self.descriptors.append(fd)
        found = mounts.facts(fd, parent)
        if stat.S_ISLNK(found.mode):
            self.follow(name)
        elif not self.pending:
            os.close(self.descriptors.pop())  # so that a file that is replaced is not kept from being freed
            return Place(parent, name, _path(parent, name), found)
        elif not stat.S_ISDIR(found.mode):
            path = _path(parent, name)
            raise NotFound(
                f"{path} is not a directory", remedy="name a path whose directories exist"
            ) from NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return None

    def up(self) -> None:
        if len(self.descriptors) > 1:
            os.close(self.descriptors.pop())
        elif _path(self.descriptors[0]) != "/":
            raise self.outside("a symbolic link climbs above it with '..'")

    def follow(self, name: str) -> None:
        """Go on with what a link says, the one on top of the stack, called ``name``."""
        self.links += 1
        if self.links > MAX_LINKS:
            raise NotFound(
                f"{self.whole}: more than {MAX_LINKS} symbolic links", remedy="break the loop of links"
            ) from OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.whole)
        parent, link = self.descriptors[-2:]
        if _is_magic(link, parent):
            raise self.outside(f"{_path(parent, name)} is a magic link, to what a process has open")
        destination = os.readlink("", dir_fd=link)
        os.close(self.descriptors.pop())
        if destination.startswith("/"):
            destination = self.inside(destination, name)
            _close(self.descriptors, leave=1)
        self.pending.extendleft(reversed(_parts(destination)))

    def inside(self, destination: str, name: str) -> str:
        """An absolute link's text, as seen from the root. Links are written for the path the root is known by."""
        for base in (self.root, _path(self.descriptors[0])):
            if destination == base or destination.startswith(base.rstrip("/") + "/"):
                return destination[len(base) :]
        link = _path(self.descriptors[-1], name)
        raise self.outside(f"the symbolic link {link} leads to {destination}")

    def outside(self, how: str) -> OutsideRoot:
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


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]
