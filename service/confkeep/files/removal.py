"""Remove a file, if it still holds what was compared: renamed away, compared, and only then unlinked."""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.errors import MountedFile
from confkeep.files import leftovers, mounts, syscalls, temporary
from confkeep.files.read import read_all
from confkeep.files.refusal import of_directory
from confkeep.files.replace import Displaced
from confkeep.files.target import Changed
from confkeep.files.temporary import CHANGED, NO_FLAGS
from confkeep.files.written import Unsettled, Written, failure, sync_directory

if TYPE_CHECKING:
    from confkeep.errors import Refused
    from confkeep.etag import Version
    from confkeep.files.place import Place
    from confkeep.files.target import Target

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def refusal(target: Target) -> Refused | None:
    """Why ``target`` cannot be removed, if so."""
    if target.refusal or target.facts is None:
        return target.refusal
    if target.facts.mount_root:
        return MountedFile(
            f"{target.path} is a mount point: it cannot be removed from here",
            remedy="take the mount out of the container's configuration, or save it empty",
        )
    return of_directory(target.place, mounts.facts(target.place.parent, target.place.parent))


def remove(target: Target, old: Version) -> Written:
    """Remove ``target``, which holds ``old``, and flush its directory.

    Raises Changed (Displaced: an edit is to be kept) and ConfkeepError: it is still there. Unsettled: it is removed,
    but the directory could not be flushed.
    """
    set_aside(target, old).finish()
    return Written()


def set_aside(target: Target, old: Version) -> Aside:
    """Take the name away from ``target``, which holds ``old``, and flush that; it can still be had back.

    Raises as ``remove``.
    """
    refused = refusal(target)
    if refused:
        raise refused
    directory = temporary.directory_of(target)
    try:
        aside = Aside(directory, *_away(target, old, directory), target.place.name)
    except BaseException:
        os.close(directory)
        raise
    try:
        target.close()
        sync_directory(directory)
    except BaseException as error:
        aside.put_back()
        if isinstance(error, OSError):
            raise Unsettled("removed, but its directory could not be flushed", error) from error
        raise
    return aside


@dataclass(slots=True)
class Aside:
    """A file that has lost its name, locked so that no sweep takes it. Ends by ``finish`` or ``put_back``."""

    directory: int
    aside: str
    fd: int | None
    name: str

    def finish(self) -> None:
        """Let it go. If that fails a sweep does it: the removal is on the disk already."""
        leftovers.remove(self.directory, self.aside)
        self._close()

    def put_back(self) -> None:
        """Give it its name again, if nobody else has it by now; recovery looks at what became of it."""
        with suppress(OSError):
            _give_name(self.directory, self.aside, self.name)
        self._close()

    def _close(self) -> None:
        for fd in (self.directory, self.fd):
            if fd is not None:
                with suppress(OSError):
                    os.close(fd)


def bring_back(place: Place, old: str) -> bool:
    """Give a file with the etag ``old`` that was set aside its name again, as recovery of a removal that is undone."""
    try:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.parent)
    except OSError:
        return False
    try:
        for name in leftovers.set_aside(directory, old, place.name):
            with suppress(OSError):
                _give_name(directory, name, place.name)
                return True
    finally:
        os.close(directory)
    return False


def _away(target: Target, old: Version, directory: int) -> tuple[str, int | None]:
    """The temporary name it has now, and a descriptor that holds its lock."""
    name = target.place.name
    aside = leftovers.temporary_name(old.etag, leftovers.NOTHING, name)
    seen = mounts.facts_at(directory, name)
    if seen is None or target.facts is None or seen[: mounts.KEPT] != target.facts[: mounts.KEPT]:
        raise Changed
    try:
        os.rename(name, aside, src_dir_fd=directory, dst_dir_fd=directory)  # nobody else has that name
    except OSError as error:
        if error.errno in CHANGED:
            raise Changed from error
        raise failure(error, target.path, "removing") from error
    compared, fd = False, None
    try:
        fd = _opened(directory, aside)
        compared = fd is not None and _holds(directory, fd, old.data)
    except FileNotFoundError:  # another process's sweep took it: it does that with the old bytes only
        compared = True
    finally:
        if not compared:
            if fd is not None:
                os.close(fd)
            _back(directory, aside, name)
    if not compared:
        raise Changed
    return aside, fd


def _opened(directory: int, aside: str) -> int | None:
    """None for what cannot be opened: a link, or a file that somebody has a lease on."""
    try:
        fd = os.open(aside, _LOOK, dir_fd=directory)
    except FileNotFoundError:
        raise
    except OSError:
        return None
    with suppress(OSError):  # a filesystem without locks
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def _holds(directory: int, fd: int, data: bytes) -> bool:
    return stat.S_ISREG(mounts.facts(fd, directory).mode) and read_all(fd) == data


def _back(directory: int, aside: str, name: str) -> None:
    """An edit that came just then gets its name again, unless another file has it by now."""
    try:
        _give_name(directory, aside, name)
        sync_directory(directory)
    except FileExistsError as error:
        raise Displaced(aside) from error
    except OSError as error:
        raise Unsettled("an edit that came just then could not be put back", error) from error


def _give_name(directory: int, aside: str, name: str) -> None:
    try:
        syscalls.rename_noreplace(directory, aside, name)
    except OSError as error:
        if error.errno not in NO_FLAGS:
            raise
        os.link(aside, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
        leftovers.remove(directory, aside)
