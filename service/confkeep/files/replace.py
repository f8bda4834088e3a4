"""The replace route: a temporary file in the same directory, flushed, then exchanged with the target.

Staging is invisible to everybody, so it may run beside the check and the promise; publishing is one rename.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.files import leftovers, metadata, mounts, syscalls, temporary
from confkeep.files.read import read, read_all
from confkeep.files.target import Changed
from confkeep.files.temporary import NO_FLAGS, Temporary
from confkeep.files.written import Unsettled, Written, failure, sync_directory, write_all

if TYPE_CHECKING:
    from confkeep.etag import Version
    from confkeep.files.read import Whole
    from confkeep.files.target import Target

_LOOK: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
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


def stage(target: Target, new: Version, old: Whole | None, *, private: bool = False) -> Staged:
    """Write and flush ``new`` beside ``target``, which holds ``old`` (None: nothing), with its metadata.

    ``private``: what replaces nothing is closed to others.

    Nothing is visible yet. Raises OutOfSpace or IoError (the target is untouched and the temporary file gone),
    NotReproducible (take the other route), Changed (the directory is gone).
    """
    directory = temporary.directory_of(target)
    try:
        leftovers.sweep_once(directory, target.place.directory)
        return _stage(target, directory, new, old, private=private)
    except BaseException as error:
        os.close(directory)
        if isinstance(error, OSError):
            raise failure(error, target.path, "writing a new", target.place.parent, len(new.data)) from error
        raise


def _stage(target: Target, directory: int, new: Version, old: Whole | None, *, private: bool) -> Staged:
    """A new file gets what the umask (or the directory's default ACL) says.

    One that replaces is closed to others until it has the old one's mode.
    """
    name = leftovers.temporary_name()
    fd = temporary.create(directory, name, 0o666 if old is None and not private else 0o600)
    try:
        write_all(fd, new.data)
        if target.facts is not None and old is not None:
            metadata.reproduce(target.facts, target.directory, old.attributes, fd, directory)
        os.fsync(fd)
    except BaseException:
        leftovers.remove(directory, name)
        os.close(fd)
        raise
    return Staged(directory, name, fd, target=target, old=old, new=new.etag)


@dataclass(slots=True, kw_only=True)
class Staged(Temporary):
    """New bytes on the disk beside their target; ``new`` is their etag."""

    target: Target
    old: Whole | None
    new: str

    def publish(self) -> Written:
        """Bring the new bytes to the target's name, if it still holds the old ones; flush the directory.

        Raises Changed (nothing happened; Displaced: an edit is to be kept), ConfkeepError (nothing happened),
        Unsettled (published, but the directory could not be flushed). The temporary file is gone in each case.
        """
        try:
            return self.attempt()
        except BaseException:
            self.discard()
            raise

    def attempt(self) -> Written:
        """The same, but after Changed and ConfkeepError the temporary file is still there."""
        return self.bring(self.target, self._publish)

    def publish_over(self) -> Written:
        """Bring the new bytes to the target's name, whatever it holds by now. Raises as ``publish``."""
        try:
            return self.bring(self.target, lambda: self.rename_over(self.target))
        except BaseException:
            self.discard()
            raise

    def _publish(self) -> Written:
        if self.old is None:
            return self.create_at(self.target.place.name)
        return self._replace(self.old)

    def _replace(self, old: Whole) -> Written:
        """Exchange first, then compare what was displaced: nobody can come in between (renameat2(2)).

        From here on the temporary name says what was there and what is to be (leftovers.py).
        """
        name = self.target.place.name
        self.rename(leftovers.temporary_name(old.version.etag, self.new, name))
        if not self._is_as_seen(mounts.facts_at(self.directory, name)):
            raise Changed
        try:
            syscalls.rename_exchange(self.directory, self.name, name)
        except OSError as error:
            if error.errno not in NO_FLAGS:
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
        self.remove_published()
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
        """Put back what was displaced. Raises Displaced, or Unsettled: then recovery does it (displaced.py).

        On the disk as well, before the promise is withdrawn: there the exchange may be all that is known of it.
        """
        try:
            undone = self._put_back()
            sync_directory(self.directory)
        except OSError as error:
            raise Unsettled("an edit that came just then could not be put back", error) from error
        if not undone:
            raise Displaced(self.name)

    def _put_back(self) -> bool:
        """False when somebody's newer file is there instead of ours."""
        for _ in range(_TRIES):
            if not self.is_at(self.target.place.name):
                break
            syscalls.rename_exchange(self.directory, self.name, self.target.place.name)
            if self.is_at(self.name):
                return True
            # Theirs came between the look and the exchange: give it its name again.
            syscalls.rename_exchange(self.directory, self.name, self.target.place.name)
        return False


def _holds(fd: int, data: bytes) -> bool:
    return os.pread(fd, len(data) + 1, 0) == data or read_all(fd) == data  # a read may be short


def _has(fd: int, attributes: metadata.Attributes | None) -> bool:
    return attributes is not None and metadata.xattrs(fd) == attributes.xattrs
