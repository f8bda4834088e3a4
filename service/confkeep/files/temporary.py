"""A temporary file beside a target: what both ways of publishing one have in common."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files import leftovers, mounts, syscalls
from confkeep.files.target import Changed
from confkeep.files.written import Unsettled, Written, failure, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.files.target import Target

_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
#: The filesystem or kernel has no renameat2 flags.
NO_FLAGS: Final = {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP}
#: A mount appeared on the target, or somebody came or went, since it was looked at.
CHANGED: Final = {errno.EBUSY, errno.EXDEV, errno.ENOENT, errno.EEXIST}
_NOTHING_COMPARED: Final = "nothing was compared: whatever was there by then has been replaced"


def directory_of(target: Target) -> int:
    """A descriptor of the target's directory that can be flushed. Raises ConfkeepError."""
    try:
        return os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=target.place.parent)
    except OSError as error:
        raise failure(error, target.path, "opening the directory of") from error


def create(directory: int, name: str, mode: int) -> int:
    """A new file, locked as long as its descriptor is open, so that a sweep leaves it alone (leftovers.py).

    A sweep that came before the lock has removed it: then it is made once more.
    """
    while True:
        fd = os.open(name, _CREATE, mode, dir_fd=directory)
        try:
            with suppress(OSError):  # a filesystem without locks: a sweep cannot lock it either, and leaves it
                fcntl.flock(fd, fcntl.LOCK_EX)
            if mounts.facts(fd, directory).nlink:
                return fd
        except BaseException:
            leftovers.remove(directory, name)
            os.close(fd)
            raise
        os.close(fd)


@dataclass(slots=True)
class Temporary:
    """``name`` in ``directory``, open as ``fd``. Ends by being published or by ``discard``, which may be repeated."""

    directory: int
    name: str
    fd: int
    done: bool = False

    def bring(self, target: Target, rename: Callable[[], Written]) -> Written:
        """Publish by ``rename``, then flush the directory.

        Raises Changed and ConfkeepError (nothing happened, and the temporary file is still there), Unsettled
        (published, but the directory is not flushed).
        """
        try:
            written = rename()
        except OSError as error:
            if error.errno in CHANGED:
                raise Changed from error
            raise failure(error, target.path, "renaming a new file onto") from error
        target.close()
        try:
            sync_directory(self.directory)
        except OSError as error:
            raise Unsettled("renamed, but its directory could not be flushed", error) from error
        finally:
            self.close()
        return written

    def create_at(self, name: str) -> Written:
        """Publish where nothing is: decided by the kernel at that very moment, never by a look before."""
        try:
            syscalls.rename_noreplace(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in NO_FLAGS:
                raise
            os.link(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory, follow_symlinks=False)
            self.remove_published()
        return Written()

    def rename_over(self, target: Target) -> Written:
        """Publish over whatever is there by now, if it is not another kind of file than ``target`` was.

        The look and the rename stand so close together that hardly a mount or a link could come in between.
        """
        name = target.place.name
        there = mounts.facts_at(self.directory, name)
        if there is not None and (target.facts is None or there.dress != target.facts.dress):
            raise Changed
        os.rename(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        return Written(compare_and_swap=False, notes=(_NOTHING_COMPARED,))

    def rename(self, name: str) -> None:
        """Give it another temporary name."""
        os.rename(self.name, name, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        self.name = name

    def remove_published(self) -> None:
        """What is at the temporary name is needed no more; if it stays a sweep removes it."""
        with suppress(OSError):
            os.unlink(self.name, dir_fd=self.directory)

    def is_at(self, name: str) -> bool:
        """Whether ``name`` leads to this very file."""
        found = mounts.facts_at(self.directory, name)
        ours = mounts.facts(self.fd, self.directory)
        return found is not None and (found.dev, found.ino) == (ours.dev, ours.ino)

    def discard(self) -> None:
        """Remove the temporary file, and nothing but ours."""
        if self.done:
            return
        try:
            with suppress(OSError):  # the disk has failed: a later sweep removes it
                if self.is_at(self.name):
                    leftovers.remove(self.directory, self.name)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it. What was to be on the disk has been flushed: an error here means nothing (close(2), EIO)."""
        self.done = True
        for fd in (self.fd, self.directory):
            with suppress(OSError):
                os.close(fd)
