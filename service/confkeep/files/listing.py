"""The regular files below a root, in the order of their paths."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError, NotFound
from confkeep.files.leftovers import is_temporary
from confkeep.files.place import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.files.root import Root

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """One file; ``path`` is relative to the root, ``size`` in bytes, ``modified`` in nanoseconds since the epoch."""

    path: str
    size: int
    modified: int


def entries(root: Root, prefix: str = "", after: str = "") -> Iterator[Entry]:
    """Files whose path starts with ``prefix`` and comes after ``after``, one directory at a time.

    Links to files below the root are listed as what they lead to, those that lead out of it not at all; links to
    directories are not entered, so that a loop ends.
    Raises NotFound where the root is missing.
    """
    if root.is_single_file() or not os.path.isdir(root.path):
        return _single(root, prefix, after)
    return _below(root, os.open(root.path, _DIRECTORY & ~os.O_NOFOLLOW), "", prefix, after)


def _single(root: Root, prefix: str, after: str) -> Iterator[Entry]:
    name = os.path.basename(root.path)
    try:
        found = os.stat(root.path)
    except FileNotFoundError as error:
        raise NotFound(f"root {root.name!r}: {root.path} does not exist", remedy="create or mount it") from error
    if stat.S_ISREG(found.st_mode) and name.startswith(prefix) and name > after:
        yield Entry(name, found.st_size, found.st_mtime_ns)


def _below(root: Root, directory: int, at: str, prefix: str, after: str) -> Iterator[Entry]:
    try:
        for name, is_directory in _sorted_names(directory):
            path = at + name
            if is_directory:
                if _may_hold(path, prefix, after) and (inner := _enter(directory, name)) is not None:
                    yield from _below(root, inner, path, prefix, after)
            elif (
                path.startswith(prefix) and path > after and (entry := _entry(root, directory, name, path)) is not None
            ):
                yield entry
    finally:
        os.close(directory)


def _sorted_names(directory: int) -> list[tuple[str, bool]]:
    """Names in the order in which their paths sort: a directory's name counts with its slash."""
    with os.scandir(directory) as found:
        names = [
            (item.name + "/" * is_directory, is_directory) for item in found for is_directory in [_is_directory(item)]
        ]
    return sorted((name, is_directory) for name, is_directory in names if _is_addressable(name))


def _is_addressable(name: str) -> bool:
    """Our own temporary files are nobody's, and a name that is no UTF-8 has no address."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not is_temporary(name)


def _is_directory(item: os.DirEntry[str]) -> bool:
    return item.is_dir(follow_symlinks=False)


def _may_hold(path: str, prefix: str, after: str) -> bool:
    """Whether something below the directory ``path`` can be asked for."""
    return (path.startswith(prefix) or prefix.startswith(path)) and (path > after or after.startswith(path))


def _enter(directory: int, name: str) -> int | None:
    try:
        return os.open(name, _DIRECTORY, dir_fd=directory)
    except OSError:
        return None  # gone meanwhile, or closed to us


def _entry(root: Root, directory: int, name: str, path: str) -> Entry | None:
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(found.st_mode):
            with resolve(root, path) as place:
                found = os.stat(place.name, dir_fd=place.parent, follow_symlinks=False)
    except (OSError, ConfkeepError):
        return None  # gone meanwhile, or a link that leads nowhere or out of the root
    return Entry(path, found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None
