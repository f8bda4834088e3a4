"""Publish a folder where the folder itself must stay: its entries are moved, one by one, each in one step.

New names come first, then those that replace something, then go those that are gone: a reader in between finds each
name that is both in the old and in the new folder. Each step can be undone, and all of them are when one fails.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from confkeep.errors import IoError, TargetBusy
from confkeep.files import leftovers, mounts
from confkeep.files.swap import aside, rename_new, swap
from confkeep.files.written import sync_directory

if TYPE_CHECKING:
    from collections.abc import Generator

Identity = tuple[int, int]

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: How long to wait for another process that publishes in the same folder (seconds).
_WAIT: Final = 10.0
_PAUSE: Final = 0.001


def move(directory: int, new: str, folder: str, path: str) -> None:
    """Make the entries of ``new`` those of ``folder``, both from ``directory``, and flush; the old ones are in ``new``.

    ``path`` is what people call the folder. Raises OSError, or IoError where an overlay does not let a directory go:
    nothing has changed. Raises IoError that says what could not be undone, or not be flushed, and TargetBusy.
    """
    with ExitStack() as stack:
        fds = [os.open(name, _DIRECTORY, dir_fd=directory) for name in (new, folder)]
        for fd in fds:
            stack.callback(os.close, fd)
        stack.enter_context(_alone(fds[1], path))
        moving = Moving(directory, (new, fds[0]), (folder, fds[1]))
        try:
            moving.go()
        except BaseException as error:
            moving.undo(path)
            if isinstance(error, OSError) and error.errno == errno.EXDEV:
                raise _from_below(error, path) from error
            raise
        try:
            for fd in fds:
                sync_directory(fd)
        except OSError as error:
            raise unflushed(error, path) from error


def unflushed(error: OSError, path: str) -> IoError:
    """All steps are taken, and they may not be on the disk."""
    return IoError(
        f"publishing the folder {path}: it is in place, but its directory could not be flushed ({error.strerror}): "
        "after a power cut the old one may be there",
        remedy="look at the kernel log (dmesg) for errors of the disk",
    )


def _from_below(error: OSError, path: str) -> IoError:
    return IoError(
        f"publishing {path}: {error.filename} comes from a lower layer of an overlay, which does not let it be moved; "
        "nothing was changed",
        remedy="mount a volume or a directory there, or the overlay with redirect_dir=on",
    )


@contextmanager
def _alone(fd: int, path: str) -> Generator[None]:
    """Of two that publish here at once one comes after the other, so that no mixture of both stays."""
    give_up = time.monotonic() + _WAIT
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError as error:
            if time.monotonic() >= give_up:
                raise TargetBusy(
                    f"another program keeps the folder {path} locked (flock)", remedy="try again when it has ended"
                ) from error
            time.sleep(_PAUSE)
        except OSError:
            break  # a filesystem without locks
    try:
        yield
    finally:  # and not by closing it: a process that was forked meanwhile has the same lock
        with suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_UN)


class Moving:
    """What is where is always looked at, and never remembered: an interruption may come between a step and its note."""

    def __init__(self, directory: int, new: tuple[str, int], folder: tuple[str, int]) -> None:
        self.directory = directory
        self.new, self.new_fd = new
        self.folder, self.folder_fd = folder
        self.ours = {name: _identity(self.new_fd, name) for name in _names(self.new_fd)}
        self.theirs = _names(self.folder_fd)
        self.steps: list[str] = []

    def go(self) -> None:
        """All steps, in the safest order."""
        theirs = set(self.theirs)
        added = [name for name in self.ours if name not in theirs]
        replaced = [name for name in self.ours if name in theirs]
        gone = [name for name in self.theirs if name not in self.ours]
        for names, step in ((added, self.add), (replaced, self.exchange), (gone, self.take)):
            for name in names:
                self.steps.append(name)
                step(name)

    def add(self, name: str) -> None:
        """From the new folder, to a name that is free."""
        rename_new(self.directory, f"{self.new}/{name}", f"{self.folder}/{name}", locked=True)

    def exchange(self, name: str) -> None:
        """Both ways."""
        swap(self.directory, f"{self.new}/{name}", f"{self.folder}/{name}", locked=True)

    def take(self, name: str) -> None:
        """To the new folder, where that name is free."""
        rename_new(self.directory, f"{self.folder}/{name}", f"{self.new}/{name}", locked=True)

    def undo(self, path: str) -> None:
        """Each step back, the last one first. Raises IoError when that fails: the old entries are kept aside."""
        failed: list[str] = []
        while self.steps:
            name = self.steps.pop()
            try:
                self.back(name)
            except (OSError, IoError) as error:
                failed.append(f"{name} ({error})")
        if failed:
            kept = aside()
            os.rename(self.new, kept, src_dir_fd=self.directory, dst_dir_fd=self.directory)
            raise IoError(
                f"publishing {path} failed half-way, and these entries could not be put back: {', '.join(failed)}; "
                f"what is missing of the old folder is in {kept}",
                remedy=f"move it back from {kept} by hand",
            )

    def back(self, name: str) -> None:
        """Undo the step with this entry, if it was taken."""
        there, here = _identity(self.folder_fd, name), _identity(self.new_fd, name)
        if name not in self.ours:
            if here is not None:
                self.add(name)
        elif there == self.ours[name]:
            (self.take if here is None else self.exchange)(name)


def _names(fd: int) -> list[str]:
    """Without temporary files, our own and those of others: they are no part of a folder."""
    return sorted(name for name in os.listdir(fd) if not leftovers.is_temporary(name))


def _identity(fd: int, name: str) -> Identity | None:
    found = mounts.facts_at(fd, name)
    return found and (found.dev, found.ino)
