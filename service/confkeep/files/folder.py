"""A whole folder: built beside its place where nobody looks, flushed, and brought there in one step.

Where the folder itself must stay (it is mounted, or its parent directory is closed to us) it is built inside, and its
entries are moved (contents.py). Whoever has the old folder open reads on in it, but it is emptied: files that were not
open yet are gone (ENOENT). A reader that needs several files of one version opens them again then.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError, Conflict, TargetBusy
from confkeep.files import contents, dress, leftovers, mounts, tree
from confkeep.files.ground import exists, ground_of, no_directory, refuse_mounts
from confkeep.files.route import Guarantees
from confkeep.files.swap import rename_new, swap
from confkeep.files.written import failure, sync_directory

if TYPE_CHECKING:
    from confkeep.files.place import Place

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Somebody came or went, between a look and a rename.
_CHANGED: Final = {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}
#: The folder cannot be renamed: it is a mount point, or it comes from a lower layer of an overlay.
_STAYS: Final = {errno.EBUSY: "the folder is in use as a mount point", errno.EXDEV: "an overlay does not let it go"}
_TRIES: Final = 100
_LOOKED: Final = (
    "this filesystem can only look before it renames: an empty folder that came just then would have been replaced"
)
_STEPS: Final = (
    "this filesystem cannot exchange two names: there was no folder for a moment, and a crash just then leaves the old"
    " one beside it (.confkeep-*.old)"
)

#: What is promised of a folder that is replaced in one step, and of one whose entries are moved.
WHOLE: Final = Guarantees(
    reader_atomic=True, crash_safe=True, compare_and_swap=False, inode_kept=False, metadata_kept=True
)
BY_ENTRY: Final = Guarantees(
    reader_atomic=False, crash_safe=False, compare_and_swap=False, inode_kept=True, metadata_kept=True
)


@dataclass(frozen=True, slots=True)
class Published:
    """``created``: nothing was there. ``guarantees`` is what was really had, ``notes`` why something was not.

    ``compare_and_swap``: nothing was replaced, which the kernel decided. What replaces a folder compares nothing.
    """

    created: bool
    guarantees: Guarantees
    notes: tuple[str, ...] = field(default=())


def build(place: Place, *, overwrite: bool = True) -> Building:
    """An empty directory that is to become the folder at ``place``, on the same filesystem, closed to others.

    With ``overwrite`` it replaces a folder that is there, but nothing else. Raises what can be known before it is
    filled: NotADirectory, ReadOnly, NoPermission, StaleMount, TargetBusy (something is mounted in the folder),
    AlreadyExists, OutOfSpace, IoError.
    """
    stays = ground_of(place, overwrite=overwrite)
    inside = stays is not None
    try:
        directory = os.open(place.name if inside else ".", _DIRECTORY, dir_fd=place.parent)
    except OSError as error:
        raise failure(error, place.path, "opening the directory of") from error
    try:
        path = place.path if inside else place.directory
        leftovers.sweep_once(directory, path)
        name, fd = _make(directory)
    except BaseException as error:
        os.close(directory)
        if isinstance(error, OSError):
            raise failure(error, place.path, "making a directory for") from error
        raise
    building = Building(place, overwrite, stays, directory, name, fd, os.path.join(path, name))
    try:
        dress.prepare(fd, place)
    except BaseException:
        building.discard()
        raise
    return building


def _make(directory: int) -> tuple[str, int]:
    """A directory that is locked as long as its maker lives. A sweep may take it before it is: then another one."""
    while True:
        name = leftovers.temporary_name()
        try:
            os.mkdir(name, dress.CLOSED, dir_fd=directory)
            fd = _lock(directory, name)
        except BaseException:
            tree.remove(directory, name)
            raise
        if fd is not None:
            return name, fd


def _lock(directory: int, name: str) -> int | None:
    try:
        fd = os.open(name, _DIRECTORY, dir_fd=directory)
    except FileNotFoundError:
        return None
    try:
        with suppress(OSError):  # a filesystem without locks: a sweep cannot lock it either, and leaves it
            fcntl.flock(fd, fcntl.LOCK_EX)
        if leftovers.leads_to(directory, name, fd):
            return fd
    except BaseException:
        os.close(fd)
        raise
    os.close(fd)
    return None


@dataclass(slots=True)
class Building:
    """A folder that is being built at ``path``. Ends by ``publish`` or ``discard``; discarding twice is nothing.

    ``stays``: why the folder at its place must stay, so that its entries are moved; None when it is replaced.
    """

    place: Place
    overwrite: bool
    stays: str | None
    directory: int
    name: str
    fd: int
    path: str
    done: bool = False

    def publish(self) -> Published:
        """Flush all that was built, bring it to its place, flush that, and remove what was there.

        Raises AlreadyExists, NotADirectory, TargetBusy, Conflict, OutOfSpace, IoError: the old folder is there as it
        was, or the error says what became of it; and nothing else is left. A program that wrote into the old folder at
        that moment wrote into what is removed.
        """
        try:
            published = self._publish()
        except BaseException as error:
            self.discard()
            if isinstance(error, OSError) and not isinstance(error, ConfkeepError):
                raise failure(error, self.place.path, "publishing the folder") from error
            raise
        left = self._end()
        if left is None:
            return published
        note = (
            f"the old folder could not be removed whole: {self.path} stays ({left.filename}: {left.strerror}); "
            "`confkeep sweep` removes it once it can be"
        )
        return replace(published, notes=(*published.notes, note))

    def _publish(self) -> Published:
        if self.stays is not None:
            tree.flush(self.fd)
            refuse_mounts(self.place.path)
            return self._move_contents(".", self.stays)
        found, lost = self._dress()
        tree.flush(self.fd)
        for _ in range(_TRIES):
            seen, found = found, self._look()
            if _owner_and_mode(seen) != _owner_and_mode(found):
                found, lost = self._dress()
                os.fsync(self.fd)
            try:
                published = self._bring(found)
            except OSError as error:
                gone = mounts.facts_at(self.directory, self.name) is None
                if gone or isinstance(error, ConfkeepError) or error.errno not in _CHANGED:
                    raise
                continue
            self._flush_directory()
            return published if lost is None else _less(published, lost, metadata_kept=False)
        raise Conflict(
            f"{self.place.path} comes and goes: it was there at each look and gone at each attempt, or the reverse",
            remedy="look which other program creates and removes it, and try again",
        )

    def _look(self) -> mounts.Facts | None:
        """What is there now. Raises AlreadyExists, NotADirectory, TargetBusy."""
        path = self.place.path
        found = mounts.facts_at(self.directory, self.place.name)
        if found is None:
            return None
        if not self.overwrite:
            raise exists(path)
        if not stat.S_ISDIR(found.mode):
            raise no_directory(path)
        if found.mount_root:
            raise TargetBusy(
                f"something was mounted on {path} while it was built", remedy="build it again, inside the mount"
            )
        refuse_mounts(path)
        return found

    def _dress(self) -> tuple[mounts.Facts | None, str | None]:
        """Make the building what the folder is that is there now; that one, and what was lost, if anything."""
        while (found := self._look()) is not None:
            with suppress(FileNotFoundError):  # gone since the look: another one may be there by now
                return found, dress.like(self.fd, self.directory, self.place.name, found)
        dress.as_new(self.fd, self.directory)
        return None, None

    def _bring(self, found: mounts.Facts | None) -> Published:
        """One step, where the filesystem has it. Raises OSError: nothing has changed."""
        name = self.place.name
        if found is None:
            exact = rename_new(self.directory, self.name, name)
            published = Published(created=True, guarantees=replace(WHOLE, compare_and_swap=True))
            return published if exact else _less(published, _LOOKED, compare_and_swap=False)
        try:
            at_once = swap(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in _STAYS:
                raise
            return self._move_contents(name, _STAYS[error.errno])
        if self._displaced_other():
            swap(self.directory, self.name, name)
            raise no_directory(self.place.path)
        published = Published(created=False, guarantees=WHOLE)
        return published if at_once else _less(published, _STEPS, reader_atomic=False, crash_safe=False)

    def _displaced_other(self) -> bool:
        """Whether something came after the look that is no folder, and was exchanged for ours."""
        with suppress(OSError):  # ours is in its place: no error of a look may deny that
            displaced = mounts.facts_at(self.directory, self.name)
            return displaced is not None and not stat.S_ISDIR(displaced.mode)
        return False

    def _move_contents(self, folder: str, why: str) -> Published:
        contents.move(self.directory, self.name, folder, self.place.path)
        note = f"{why}: its entries were moved one by one, and a reader or a crash in between finds some old, some new"
        return Published(created=False, guarantees=BY_ENTRY, notes=(note,))

    def _flush_directory(self) -> None:
        try:
            sync_directory(self.directory)
        except OSError as error:
            raise contents.unflushed(error, self.place.path) from error

    def discard(self) -> None:
        """Remove what is at the temporary name: what was built, or once that is published what was there before."""
        self._end()

    def _end(self) -> OSError | None:
        if self.done:
            return None
        left = tree.remove(self.directory, self.name)
        self.done = True
        with suppress(OSError):  # a process that was forked meanwhile would keep the new folder locked
            fcntl.flock(self.fd, fcntl.LOCK_UN)
        os.close(self.fd)
        os.close(self.directory)
        return left


def _owner_and_mode(found: mounts.Facts | None) -> tuple[int, int, int] | None:
    return found and (found.uid, found.gid, found.mode)


def _less(published: Published, why: str, **guarantees: bool) -> Published:
    """The same with less guaranteed."""
    return Published(published.created, replace(published.guarantees, **guarantees), (*published.notes, why))
