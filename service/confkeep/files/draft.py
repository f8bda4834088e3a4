"""A draft: bytes on their way to a target that are written bit by bit, by whoever has the draft open.

Beside its target it is a temporary file with the owner, mode and attributes of what it is going to replace, and
publishing is one rename. Where none can be (the directory is closed, the file must keep its inode) it is in memory, and
its bytes are put in place in the end. It may be closed and opened again by ``path``, and given another mode: that mode
is the file's in the end, on both routes.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.files import leftovers, metadata, mounts, temporary
from confkeep.files.metadata import NotReproducible, Privileges
from confkeep.files.read import read_all, read_attributes
from confkeep.files.replace import Staged
from confkeep.files.route import Route
from confkeep.files.temporary import Temporary
from confkeep.files.written import failure

if TYPE_CHECKING:
    from confkeep.files.read import Whole
    from confkeep.files.target import Target
    from confkeep.files.written import Written


def open_draft(target: Target, *, private: bool = False) -> Draft:
    """A draft for ``target``. What does not replace a file gets the mode that a new file gets; ``private``: 0600.

    Raises Refused, OutOfSpace, IoError, Changed.
    """
    if target.refusal:
        raise target.refusal
    if target.choice is not None and target.choice.name is Route.REPLACE:
        with suppress(NotReproducible):
            return _beside(target, private=private)
    return _in_memory(target)


def _in_memory(target: Target) -> Draft:
    fd = os.memfd_create("confkeep", os.MFD_CLOEXEC)
    os.fchmod(fd, 0o600 if target.facts is None else stat.S_IMODE(target.facts.mode))
    return Draft(None, fd, f"/proc/self/fd/{fd}", Privileges.of(fd), None)


def _beside(target: Target, *, private: bool) -> Draft:
    directory = temporary.directory_of(target)
    try:
        leftovers.sweep_once(directory, target.place.directory)
        return _make(target, directory, private=private)
    except BaseException as error:
        os.close(directory)
        if isinstance(error, OSError):
            raise failure(error, target.path, "writing a new", target.place.parent) from error
        raise


def _make(target: Target, directory: int, *, private: bool) -> Draft:
    name = leftovers.temporary_name()
    fd = temporary.create(directory, name, 0o600 if private or target.facts is not None else 0o666)
    try:
        _dress(target, fd, directory)
        path = os.path.join(target.place.directory, name)
        return Draft(Temporary(directory, name, fd), fd, path, Privileges.of(fd), target.facts)
    except BaseException:
        leftovers.remove(directory, name)
        os.close(fd)
        raise


def _dress(target: Target, fd: int, directory: int) -> None:
    """Give the draft what the file has that it replaces."""
    if target.facts is not None:
        metadata.reproduce(target.facts, target.directory, read_attributes(target), fd, directory)


@dataclass(slots=True)
class Draft:
    """``beside`` is None in memory; ``path`` is a name by which it can be opened, as long as it lives.

    ``given`` is the mode it began with, ``replaces`` the file whose owner, mode and attributes it has.
    """

    beside: Temporary | None
    fd: int
    path: str
    given: Privileges
    replaces: mounts.Facts | None

    def read(self) -> bytes:
        """All that was written to it."""
        return read_all(self.fd)

    def mode(self) -> int | None:
        """The mode that somebody gave it since it began, if so. That writing took setuid or setgid is no such thing."""
        mode = mounts.facts(self.fd, self.fd).mode
        return None if mode & 0o1777 == self.given.mode & 0o1777 else stat.S_IMODE(mode)

    def is_beside(self, target: Target) -> bool:
        """Whether one rename brings it to ``target``."""
        if self.beside is None or target.choice is None or target.choice.name is not Route.REPLACE:
            return False
        here = mounts.facts(self.beside.directory, self.beside.directory)
        there = mounts.facts(target.place.parent, target.place.parent)
        return (here.dev, here.ino, here.mount_id) == (there.dev, there.ino, there.mount_id)

    def publish(self, target: Target, *, overwrite: bool, flushed: bool = False) -> Written:
        """Rename it to ``target``, whatever is there by then; or, without ``overwrite``, only where nothing is.

        ``flushed``: its bytes are on the disk already. Raises Changed, NotReproducible, ConfkeepError (nothing
        happened, and the draft is as it was), Unsettled (published, but the directory is not flushed).
        """
        beside, name = self._finished(target, flushed=flushed), target.place.name
        if not overwrite or target.facts is None:
            return beside.bring(target, lambda: beside.create_at(name))
        return beside.bring(target, lambda: beside.rename_over(target))

    def swap(self, target: Target, old: Whole, new_etag: str) -> Written:
        """Exchange it with ``target``, if that still holds ``old``. Raises as ``publish``, and replace.Displaced."""
        beside = self._finished(target, flushed=False)
        name = leftovers.temporary_name(old.version.etag, new_etag)
        os.rename(beside.name, name, src_dir_fd=beside.directory, dst_dir_fd=beside.directory)
        beside.name = name
        staged = Staged(beside.directory, name, self.fd, target=target, old=old)
        try:
            return staged.attempt()
        finally:
            beside.done = staged.done

    def _finished(self, target: Target, *, flushed: bool) -> Temporary:
        """The temporary file, as it is going to be, on the disk."""
        if self.beside is None:
            raise AssertionError("a draft in memory has no name to rename")
        try:
            if self._dressed_anew(target, self.beside.directory) or not flushed:
                os.fsync(self.fd)
        except OSError as error:
            raise failure(error, target.path, "flushing a new", target.place.parent) from error
        return self.beside

    def _dressed_anew(self, target: Target, directory: int) -> bool:
        """Take over what has changed about the file since the draft began; a mode that was chosen stays."""
        chosen = self.mode()
        if target.facts is not None and (self.replaces is None or target.facts.dress != self.replaces.dress):
            _dress(target, self.fd, directory)
            if chosen is not None:
                os.fchmod(self.fd, chosen)
            return True
        if chosen is not None or not self.given.are_any():
            return False
        if not self.given.restore(self.fd):
            raise NotReproducible("writing took setuid, setgid or file capabilities, and they cannot be given again")
        return True

    def discard(self) -> None:
        """Let go of it; a temporary file is removed."""
        if self.beside is not None:
            self.beside.discard()
        elif self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
