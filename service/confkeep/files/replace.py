"""The replace route: a temporary file in the same directory, flushed, then exchanged with the target.

Staging is invisible to everybody, so it may run beside the check and the promise; publishing is one rename.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files import leftovers, metadata, mounts, syscalls
from confkeep.files.read import read, read_all
from confkeep.files.target import Changed
from confkeep.files.written import Unsettled, Written, failure, sync_directory, write_all

if TYPE_CHECKING:
    from confkeep.etag import Version
    from confkeep.files.read import Whole
    from confkeep.files.target import Target

_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: The filesystem or kernel has no renameat2 flags.
_NO_FLAGS: Final = {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP}
#: A mount appeared on the target, or somebody came or went, since it was looked at.
_CHANGED: Final = {errno.EBUSY, errno.EXDEV, errno.ENOENT, errno.EEXIST}
_NO_EXCHANGE: Final = (
    "this filesystem cannot exchange two names: a program that saved between the last compare and the rename would be"
    " overwritten"
)
#: How long to wait for a lease on what was displaced: another saver's in-place write (seconds).
_LEASE_WAIT: Final = 1.0
_PAUSE: Final = 0.0002
_TRIES: Final = 8


class Displaced(Changed):
    """The target was replaced twice while it was published; ``name`` in its directory holds the edit in between."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def stage(target: Target, new: Version, old: Whole | None) -> Staged:
    """Write and flush ``new`` beside ``target``, which holds ``old`` (None: nothing), with its metadata.

    Nothing is visible yet. Raises OutOfSpace or IoError (the target is untouched and the temporary file gone),
    NotReproducible (take the other route), Changed (the directory is gone).
    """
    place = target.place
    try:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.parent)
    except OSError as error:
        raise failure(error, target.path, "opening the directory of") from error
    try:
        leftovers.sweep_once(directory, place.directory)
        return _stage(target, directory, new, old)
    except BaseException as error:
        os.close(directory)
        if isinstance(error, OSError):
            raise failure(error, target.path, "writing a new", place.parent, len(new.data)) from error
        raise


def _stage(target: Target, directory: int, new: Version, old: Whole | None) -> Staged:
    """A temporary file, locked as long as it lives, so that a sweep leaves it alone.

    A new file gets what the umask (or the directory's default ACL) says; one that replaces is closed to others until
    it has the old one's mode, and has the sticky bit until then (leftovers.py).
    """
    name = leftovers.temporary_name(None if old is None else old.version.etag, new.etag)
    fd = os.open(name, _CREATE, 0o666 if old is None else 0o600 | stat.S_ISVTX, dir_fd=directory)
    try:
        with suppress(OSError):  # a filesystem without locks: a sweep cannot lock it either, and leaves it
            fcntl.flock(fd, fcntl.LOCK_EX)
        write_all(fd, new.data)
        if target.facts is not None and old is not None:
            metadata.reproduce(target.facts, target.directory, old.attributes, fd, directory)
        os.fsync(fd)
    except BaseException:
        leftovers.remove(directory, name)
        os.close(fd)
        raise
    return Staged(target, directory, name, fd, old)


@dataclass(slots=True)
class Staged:
    """New bytes on the disk beside their target. Ends by ``publish`` or ``discard``; discarding twice is nothing."""

    target: Target
    directory: int
    name: str
    fd: int
    old: Whole | None
    done: bool = False

    def publish(self) -> Written:
        """Bring the new bytes to the target's name, if it still holds the old ones; flush the directory.

        Raises Changed (nothing happened; Displaced: an edit is to be kept), ConfkeepError (nothing happened),
        Unsettled (published, but the directory could not be flushed). The temporary file is gone in each case.
        """
        try:
            written = self._create() if self.old is None else self._replace(self.old)
        except OSError as error:
            self.discard()
            if error.errno in _CHANGED:
                raise Changed from error
            raise failure(error, self.target.path, "renaming a new file onto") from error
        except BaseException:
            self.discard()
            raise
        self.target.close()
        try:
            sync_directory(self.directory)
        except OSError as error:
            raise Unsettled("renamed, but its directory could not be flushed", error) from error
        finally:
            self._close()
        return written

    def _create(self) -> Written:
        """Publish where nothing is: decided by the kernel at that very moment, never by a look before."""
        name = self.target.place.name
        try:
            syscalls.rename_noreplace(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in _NO_FLAGS:
                raise
            os.link(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory, follow_symlinks=False)
            with suppress(OSError):  # it is published; a second name that stays is what a sweep removes
                os.unlink(self.name, dir_fd=self.directory)
        return Written()

    def _replace(self, old: Whole) -> Written:
        """Exchange first, then compare what was displaced: nobody can come in between (renameat2(2))."""
        name = self.target.place.name
        if not self._is_as_seen(mounts.facts_at(self.directory, name)):
            raise Changed
        try:
            syscalls.rename_exchange(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in _NO_FLAGS:
                raise
            return self._rename(old.version.data)
        compared = False
        try:
            compared = self._displaced(old)
        finally:
            if not compared:
                self._undo()
        if not compared:
            raise Changed
        with suppress(OSError):  # it is published; what stays is what a sweep removes
            os.unlink(self.name, dir_fd=self.directory)
        return Written()

    def _rename(self, old: bytes) -> Written:
        if not self.target.is_still_there() or read(self.target) != old:
            raise Changed
        os.rename(self.name, self.target.place.name, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        return Written(compare_and_swap=False, notes=(_NO_EXCHANGE,))

    def _is_as_seen(self, found: mounts.Facts | None) -> bool:
        """The very file, with the owner, mode and number of links it had."""
        seen = self.target.facts
        return seen is not None and found is not None and found[: mounts.KEPT] == seen[: mounts.KEPT]

    def _displaced(self, old: Whole) -> bool:
        """Whether what was displaced has the old bytes and attributes.

        No when an in-place saver does not let go of its lease.
        """
        give_up = time.monotonic() + _LEASE_WAIT
        while True:
            try:
                fd = os.open(self.name, _LOOK, dir_fd=self.directory)
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    return False
                time.sleep(_PAUSE)
                continue
            except FileNotFoundError:  # another process's sweep took it: it does that with the old bytes only
                return True
            try:
                return _holds(fd, old.version.data) and _has(fd, old.attributes)
            finally:
                os.close(fd)

    def _undo(self) -> None:
        """Put back what was displaced. Raises Displaced, or Unsettled: then recovery does it (displaced.py)."""
        try:
            undone = self._put_back()
        except OSError as error:
            raise Unsettled("an edit that came just then could not be put back", error) from error
        if not undone:
            raise Displaced(self.name)

    def _put_back(self) -> bool:
        """False when somebody's newer file is there instead of ours."""
        for _ in range(_TRIES):
            if not self._is_ours(self.target.place.name):
                break
            syscalls.rename_exchange(self.directory, self.name, self.target.place.name)
            if self._is_ours(self.name):
                return True
            # Theirs came between the look and the exchange: give it its name again.
            syscalls.rename_exchange(self.directory, self.name, self.target.place.name)
        return False

    def _is_ours(self, name: str) -> bool:
        found = mounts.facts_at(self.directory, name)
        ours = mounts.facts(self.fd, self.directory)
        return found is not None and (found.dev, found.ino) == (ours.dev, ours.ino)

    def discard(self) -> None:
        """Remove the temporary file, and nothing but ours."""
        if self.done:
            return
        if self._is_ours(self.name):
            leftovers.remove(self.directory, self.name)
        self._close()

    def _close(self) -> None:
        self.done = True
        os.close(self.fd)
        os.close(self.directory)


def _holds(fd: int, data: bytes) -> bool:
    return os.pread(fd, len(data) + 1, 0) == data or read_all(fd) == data  # a read may be short


def _has(fd: int, attributes: metadata.Attributes | None) -> bool:
    return attributes is not None and metadata.xattrs(fd) == attributes.xattrs
