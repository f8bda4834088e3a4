"""Where a path leads: one walk from the root, component by component, to descriptors that cannot be swapped.

Symbolic links are followed here and not by the kernel, so that none leads out of the root. Mount points are
crossed on purpose (RESOLVE_NO_XDEV stays off): nested binds are the case confkeep exists for.
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
from confkeep.files import mounts
from confkeep.files.root import ANYWHERE

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.mounts import Facts
    from confkeep.files.root import Root

#: The kernel's own limit (path_resolution(7)).
MAX_LINKS: Final = 40
_LOOK: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Place:
    """The directory (O_PATH descriptor) and name a path leads to, whether or not something is there.

    ``path`` is absolute and free of the links that were followed. ``passed`` is what the walk saw there: only a look
    says what is there now.
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
        try:
            return os.open(self.name, _LOOK, dir_fd=self.parent)
        except FileNotFoundError:
            return None


@contextmanager
def resolve(root: Root, relative: str) -> Generator[Place]:
    """Walk from ``root`` to ``relative``; the place is open inside the ``with``.

    Raises NotFound (a directory on the way is missing), OutsideRoot, NotARegularFile (the path ends in a
    directory that has no name below the root), NoPermission.
    """
    walk = _Walk(root.path, relative)
    try:
        try:
            place = _go(walk)
        except _SingleFile as error:
            if relative != os.path.basename(root.path):
                raise NotFound(
                    f"root {root.name!r} is the single file {root.path}; it holds nothing called {relative!r}",
                    remedy=f"address it as {root.name}/{os.path.basename(root.path)}",
                ) from error
            # The settings name this very file: wherever its links lead is allowed.
            walk = _Walk("/", root.path)
            place = _go(walk)
        yield place
    finally:
        walk.close()


@contextmanager
def at(path: str, *, follow: bool = True) -> Generator[Place]:
    """The place of any ``path``, relative to the working directory or absolute, wherever its links lead.

    As ``resolve`` below ``/``; but the kernel follows the directories, for there is no root to leave: 4 calls however
    deep the path is. ``follow`` False: a link as the last name is the place itself, as open(2) with O_EXCL has it.
    Raises as ``resolve``.
    """
    if "\0" in path:
        raise BadPath(f"{path!r} has a NUL in it", remedy="leave it out")
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


def _last(parent: int, name: str, *, follow: bool) -> Place | None:
    """What the last name of a path leads to; None where that is a link."""
    try:
        found = mounts.facts_at(parent, name)
    except OSError:
        return None
    if follow and found is not None and stat.S_ISLNK(found.mode):
        return None
    directory = os.readlink(f"/proc/self/fd/{parent}")
    if directory.endswith(" (deleted)") and mounts.facts(parent, parent).nlink == 0:
        directory = directory.removesuffix(" (deleted)")
    return Place(parent, name, os.path.join(directory, name), found)


class _SingleFile(Exception):
    """The root is no directory."""


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
        raise BadPath(f"a name in {walk.whole!r} is longer than the filesystem takes", remedy="shorten it") from error


class _Walk:
    """A stack of directory descriptors from the base down, and the names still to go."""

    def __init__(self, root: str, relative: str) -> None:
        self.root = root
        self.base = root  # as the kernel calls it, once it is open: one file has one name in the history
        self.whole = os.path.join(root, relative)
        self.pending = deque(_parts(relative))
        self.descriptors: list[int] = []
        self.names: list[str] = []
        self.links = 0

    def close(self) -> None:
        while self.descriptors:
            with suppress(OSError):  # what was done there is done
                os.close(self.descriptors.pop())

    def go(self) -> Place:
        try:
            base = os.open(self.root, _DIRECTORY)
        except NotADirectoryError as error:
            raise _SingleFile from error
        except FileNotFoundError as error:
            raise NotFound(
                f"the root's directory {self.root} does not exist", remedy="create or mount it; nothing was written"
            ) from error
        self.descriptors.append(base)
        self.base = os.readlink(f"/proc/self/fd/{base}")
        if self.base.endswith(" (deleted)") and mounts.facts(base, base).nlink == 0:
            self.base = self.root
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
        place = Place(parent, name, os.path.join(self.base, *self.names, name))
        fd = place.look()
        if fd is None:
            if self.pending:
                raise NotFound(f"the directory {place.path} does not exist", remedy="create it first")
            return place
        found = mounts.facts(fd, parent)
        self.descriptors.append(fd)
        if stat.S_ISLNK(found.mode):
            self.follow(os.readlink(b"", dir_fd=fd), place.path)
        elif not self.pending:
            os.close(self.descriptors.pop())  # so that a file that is replaced is not kept from being freed
            return Place(parent, name, place.path, found)
        elif not stat.S_ISDIR(found.mode):
            raise NotFound(
                f"{place.path} is not a directory", remedy="name a path whose directories exist"
            ) from NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), place.path)
        else:
            self.names.append(name)
        return None

    def up(self) -> None:
        if len(self.names) == 0:
            if self.base != "/":
                raise self.outside("a symbolic link climbs above it with '..'")
            return
        os.close(self.descriptors.pop())
        self.names.pop()

    def follow(self, text: bytes, link: str) -> None:
        os.close(self.descriptors.pop())
        self.links += 1
        if self.links > MAX_LINKS:
            raise NotFound(
                f"{self.whole}: more than {MAX_LINKS} symbolic links", remedy="break the loop of links"
            ) from OSError(errno.ELOOP, os.strerror(errno.ELOOP), self.whole)
        destination = os.fsdecode(text)
        if destination.startswith("/"):
            destination = self.inside(destination, link)
            while len(self.descriptors) > 1:
                os.close(self.descriptors.pop())
            self.names.clear()
        self.pending.extendleft(reversed(_parts(destination)))

    def inside(self, destination: str, link: str) -> str:
        """An absolute link's text, as seen from the base. Links are written for the path the root is known by."""
        for base in (self.root, self.base):
            if destination == base or destination.startswith(base.rstrip("/") + "/"):
                return destination[len(base) :]
        raise self.outside(f"the symbolic link {link} leads to {destination}")

    def outside(self, how: str) -> OutsideRoot:
        return OutsideRoot(
            f"{self.whole} leads out of its root {self.root}: {how}",
            remedy="move the file below the root, or configure a root that contains it",
            rule="MNT024",
        )


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]
