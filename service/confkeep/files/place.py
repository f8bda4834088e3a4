"""Where a path leads: from the root to the descriptor of a directory, which cannot be swapped, and a name in it.

The kernel follows the directories where it can keep them below the root (files/beneath.py). Everything else, and every
error, is the walk's, component by component (files/walk.py). Mount points are crossed on purpose: nested binds are the
case confkeep exists for.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.errors import BadPath, NoPermission, NotFound
from confkeep.files import beneath, mounts
from confkeep.files.root import ANYWHERE
from confkeep.files.walk import SingleFile, Walk, close_all, look_at, parts_of, path_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.mounts import Facts
    from confkeep.files.root import Root

_DIRECTORY: Final = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


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
        return look_at(self.parent, self.name)


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
        except SingleFile as error:
            if relative != os.path.basename(root.path):
                raise NotFound(
                    f"root {root.name!r} is the single file {root.path}; it holds nothing called {relative!r}",
                    remedy=f"address it as {root.name}/{os.path.basename(root.path)}",
                ) from error
            # The settings name this very file: wherever its links lead is allowed.
            place = _found("/", root.path, held)
        yield place
    finally:
        close_all(held)


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
        return Place(parent, name, path_of(parent, name), found)
    except OSError:
        return None


def _found(root: str, relative: str, held: list[int]) -> Place:
    """The place, its directory ``held`` open."""
    names = parts_of(relative)
    if names and names[-1] != "..":
        parent = beneath.open_directory(root, names[:-1])
        if parent is not None:
            held.append(parent)
            place = _last(parent, names[-1])
            if place is not None:
                return place
            close_all(held)
    return _go(Walk(root, relative, held))


def _go(walk: Walk) -> Place:
    try:
        return Place(*walk.go())
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
