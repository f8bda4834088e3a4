"""A draft: bytes on their way to a target that are written bit by bit, by whoever has the draft open.

Beside its target it is a temporary file with the owner, mode and attributes of what it is going to replace, and
publishing is one rename. Where none can be (the directory is closed, the file must keep its inode) it is in memory, and
its bytes are put in place in the end. It may be closed and opened again by ``path``, and given another mode: that mode
is the file's in the end, on both routes.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from confkeep.files import leftovers, metadata, mounts, temporary
from confkeep.files.metadata import NotReproducible, Privileges
from confkeep.files.read import read_all, read_attributes
from confkeep.files.replace import Staged
from confkeep.files.route import Route
from confkeep.files.target import NOT_OURS
from confkeep.files.temporary import Temporary
from confkeep.files.written import failure, write_all

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.read import Whole
    from confkeep.files.target import Target
    from confkeep.files.written import Written


def open_draft(target: Target, *, private: bool = False) -> Draft:
    """A draft for ``target``. What does not replace a file gets the mode that a new file gets; ``private``: 0600.

    A refusal is the publisher's to raise. Raises OutOfSpace, IoError, Changed.
    """
    if target.choice is not None and target.choice.name is Route.REPLACE:
        with suppress(NotReproducible):
            return _beside(target, private=private)
    return _in_memory(target)


def _in_memory(target: Target) -> Draft:
    fd = os.memfd_create("confkeep", os.MFD_CLOEXEC)
    wanted = stat.S_IFREG | 0o600 if target.facts is None else target.facts.mode
    try:
        os.fchmod(fd, _while_written(wanted))
    except PermissionError:  # vm.memfd_noexec: nothing executable there
        os.fchmod(fd, _while_written(wanted) & ~0o111)
    return Draft(None, fd, f"/proc/self/fd/{fd}", _mode(fd), Dress(target.facts, None, Privileges(wanted, None)))


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
        dress = _dress(target, fd, directory)
        path = os.path.join(target.place.directory, name)
        return Draft(Temporary(directory, name, fd), fd, path, _mode(fd), dress)
    except BaseException:
        leftovers.remove(directory, name)
        os.close(fd)
        raise


def _dress(target: Target, fd: int, directory: int) -> Dress:
    """Give the draft what the file has that it replaces, but for what writing would take away."""
    if target.facts is None:
        return Dress(None, None, Privileges.of(fd))
    if target.choice is not None and target.choice.code == NOT_OURS:
        os.fchmod(fd, stat.S_IMODE(target.facts.mode) & 0o777)
        return Dress(target.facts, None, Privileges.of(fd))
    attributes = read_attributes(target)
    metadata.reproduce(target.facts, target.directory, attributes, fd, directory)
    privileges = Privileges.of(fd)
    if stat.S_IMODE(privileges.mode) != _while_written(privileges.mode):
        os.fchmod(fd, _while_written(privileges.mode))
    return Dress(target.facts, attributes, privileges)


def _while_written(mode: int) -> int:
    """Without setuid and setgid, which a write takes away (inode(7)); then with the sticky bit, which any chmod takes.

    So the mode of the draft tells whether somebody gave it another one.
    """
    mode = stat.S_IMODE(mode)
    return mode & 0o1777 | stat.S_ISVTX if mode & 0o6000 else mode


def _mode(fd: int) -> int:
    return stat.S_IMODE(mounts.facts(fd, fd).mode)


class Dress(NamedTuple):
    """What a draft has from the file it replaces (``of``), and what it is to have in the end (``privileges``)."""

    of: mounts.Facts | None
    attributes: metadata.Attributes | None
    privileges: Privileges


@dataclass(slots=True)
class Draft:
    """``beside`` is None in memory; ``path`` is its name, as long as it lives.

    ``given`` is the mode it began with, ``dress`` what it has from the file that it replaces.
    """

    beside: Temporary | None
    fd: int
    path: str
    given: int
    dress: Dress

    def opener(self, _path: str, _flags: int) -> int:
        """For ``open``: its mode may keep even us from opening it by its name."""
        return os.dup(self.fd)

    def read(self) -> bytes:
        """All that was written to it."""
        return read_all(self.fd)

    def mode(self) -> int | None:
        """The mode that somebody gave it since it began, if so."""
        mode = _mode(self.fd)
        return None if mode == self.given else mode

    def is_beside(self, target: Target) -> bool:
        """Whether one rename brings it to ``target``: nobody has removed it, or put another in its place."""
        if self.beside is None or target.choice is None or target.choice.name is not Route.REPLACE:
            return False
        if not self.beside.is_at(self.beside.name):
            return False
        here = mounts.facts(self.beside.directory, self.beside.directory)
        there = mounts.facts(target.place.parent, target.place.parent)
        return (here.dev, here.ino, here.mount_id) == (there.dev, there.ino, there.mount_id)

    @contextmanager
    def copied_beside(self, target: Target) -> Generator[Draft]:
        """A copy that one rename brings to ``target``, with the mode that this one was given, or has from the old file.

        Raises as ``open_draft``, and NotReproducible.
        """
        copy = _beside(target, private=True)
        try:
            write_all(copy.fd, self.read())
            mode = self.mode()
            if mode is None and target.facts is None and self.dress.of is not None:
                mode = stat.S_IMODE(self.dress.of.mode)
            if mode is not None:
                os.fchmod(copy.fd, mode)
            yield copy
        except OSError as error:
            raise failure(error, target.path, "writing a new", target.place.parent) from error
        finally:
            copy.discard()

    def is_supplanted(self) -> bool:
        """Whether somebody renamed another file over it."""
        return (
            self.beside is not None
            and mounts.facts_at(self.beside.directory, self.beside.name) is not None
            and not self.beside.is_at(self.beside.name)
        )

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
        staged = Staged(beside.directory, beside.name, self.fd, target=target, old=old, new=new_etag)
        try:
            return staged.attempt()
        finally:
            beside.name, beside.done = staged.name, staged.done

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
        changed = self._is_outdated(target)
        if changed:
            self.dress = _dress(target, self.fd, directory)
        privileges = self.dress.privileges
        if chosen is not None:
            privileges = privileges._replace(mode=stat.S_IFREG | chosen)
        if not changed and not privileges.are_any():
            return False
        if not privileges.restore(self.fd):
            raise NotReproducible("writing took setuid, setgid or file capabilities, and they cannot be given again")
        return True

    def _is_outdated(self, target: Target) -> bool:
        if target.facts is None:
            return False
        if self.dress.of is None or target.facts.dress != self.dress.of.dress:
            return True
        return self.dress.attributes is not None and read_attributes(target) != self.dress.attributes

    def close(self) -> None:
        """Let go of it, and leave the temporary file, if there is one, where it is."""
        if self.beside is not None and not self.beside.done:
            self.beside.close()
        elif self.beside is None and self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def discard(self) -> None:
        """Let go of it; a temporary file is removed."""
        if self.beside is not None:
            self.beside.discard()
        else:
            self.close()
