"""The replace route: a temporary file in the same directory, flushed, then renamed over the target.

Staging is invisible to everybody, so it may run beside the check and the promise; publishing is one rename.
"""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files import leftovers, metadata, syscalls
from confkeep.files.read import read
from confkeep.files.target import Changed
from confkeep.files.written import Unsettled, Written, failure, sync_directory, write_all

if TYPE_CHECKING:
    from confkeep.files.target import Target

_CREATE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: The filesystem or kernel has no renameat2 flags; a mount appeared on the target since it was looked at.
_NO_FLAGS: Final = {errno.EINVAL, errno.ENOSYS, errno.EPERM}


def stage(target: Target, data: bytes) -> Staged:
    """Write and flush ``data`` beside ``target``, with its owner, mode and attributes. Nothing is visible yet.

    Raises OutOfSpace or IoError (the target is untouched and the temporary file gone), NotReproducible (take the
    other route), Changed (the directory is gone).
    """
    place = target.place
    try:
        directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=place.parent)
    except OSError as error:
        raise failure(error, target.path, "opening the directory of") from error
    try:
        staged = Staged(target, directory, *_temporary(directory, new=target.stat is None))
    except OSError as error:
        os.close(directory)
        raise failure(error, target.path, "making a temporary file for") from error
    try:
        write_all(staged.fd, data)
        metadata.reproduce(target, staged.fd)
        os.fsync(staged.fd)
    except BaseException as error:
        staged.discard()
        if isinstance(error, OSError):
            raise failure(error, target.path, "writing a new") from error
        raise
    leftovers.sweep_once(directory)
    return staged


def _temporary(directory: int, *, new: bool) -> tuple[str, int]:
    """A temporary file that is locked as long as it lives, so that a sweep leaves it alone.

    A new file gets what the umask (or the directory's default ACL) says; one that replaces is closed to others
    until it has the old one's mode.
    """
    while True:
        name = leftovers.temporary_name()
        fd = os.open(name, _CREATE, 0o666 if new else 0o600, dir_fd=directory)
        with suppress(OSError):  # a filesystem without locks: a sweep cannot lock it either, and leaves it
            fcntl.flock(fd, fcntl.LOCK_EX)
        if os.fstat(fd).st_nlink:
            return name, fd
        os.close(fd)  # a sweep came between open and flock


@dataclass(slots=True)
class Staged:
    """New bytes on the disk beside their target. Ends by ``publish`` or ``discard``; discarding twice is nothing."""

    target: Target
    directory: int
    name: str
    fd: int
    done: bool = False

    def publish(self, old: bytes) -> Written:
        """Rename onto the target, if it still holds ``old``, and flush the directory.

        Raises Changed (nothing happened), ConfkeepError (nothing happened), Unsettled (renamed, but the directory
        could not be flushed). The temporary file is gone in each case.
        """
        try:
            written = self._rename(old)
        except OSError as error:
            self.discard()
            if error.errno in {errno.EBUSY, errno.EXDEV, errno.ENOENT, errno.EEXIST}:
                raise Changed from error
            raise failure(error, self.target.path, "renaming a new file onto") from error
        except BaseException:
            self.discard()
            raise
        try:
            sync_directory(self.directory)
        except OSError as error:
            raise Unsettled("renamed, but its directory could not be flushed", error) from error
        finally:
            self._close()
        return written

    def _rename(self, old: bytes) -> Written:
        name = self.target.place.name
        if self.target.stat is None:
            return self._create(name)
        if not self.target.is_still_there() or read(self.target) != old:
            raise Changed
        os.rename(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        return Written(compare_and_swap=False)  # another program could save between the compare and the rename

    def _create(self, name: str) -> Written:
        """Publish where nothing is: decided by the kernel at that very moment, never by a look before."""
        try:
            syscalls.rename_noreplace(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in _NO_FLAGS:
                raise
            os.link(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory, follow_symlinks=False)
            with suppress(OSError):  # it is published; a second name that stays is what a sweep removes
                os.unlink(self.name, dir_fd=self.directory)
        return Written()

    def discard(self) -> None:
        """Remove the temporary file."""
        if not self.done:
            leftovers.remove(self.directory, self.name)
            self._close()

    def _close(self) -> None:
        self.done = True
        os.close(self.fd)
        os.close(self.directory)
