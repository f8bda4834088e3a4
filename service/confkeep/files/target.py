"""A target: one resolved regular file, what is there, and whether and how it can be written.

Everything is looked at anew on each call and nothing is remembered: once the cause of a refusal is gone, the same
call succeeds.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.errors import NoPermission
from confkeep.files import metadata, mounts, persistence
from confkeep.files.elsewhere import NOT_BOUND, UNKNOWN
from confkeep.files.refusal import of_directory, of_file
from confkeep.files.root import RoutePolicy, relative_to
from confkeep.files.route import Choice, Route

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.errors import Refused
    from confkeep.files.elsewhere import Bound, Elsewhere
    from confkeep.files.finding import Finding
    from confkeep.files.place import Place
    from confkeep.files.root import Root

#: Code of the choice to replace a file of another user that this process may not write.
NOT_OURS: Final = "not-ours"
#: How often a file that has just lost its name is looked for again.
_LOOKS: Final = 8


class Changed(Exception):
    """What is there is not what was looked at. Nothing was written."""


@dataclass(slots=True)
class Target:
    """``fd`` is an O_PATH descriptor (it does not stand in the way of a lease), None where no file is yet.

    As long as it is open, no other file can get the inode's number.

    Exactly one of ``choice`` and ``refusal`` is set.
    """

    place: Place
    fd: int | None
    facts: mounts.Facts | None
    choice: Choice | None
    refusal: Refused | None
    findings: tuple[Finding, ...] = field(default=())
    #: The directory, where the route is ``replace`` and a file is there.
    directory: mounts.Facts | None = None
    #: Whether somebody else has mounted the file's inode.
    bound: Bound = UNKNOWN

    @property
    def path(self) -> str:
        """Absolute path, free of links."""
        return self.place.path

    @property
    def identity(self) -> tuple[int, int] | None:
        """(device, inode) of what was looked at."""
        return (self.facts.dev, self.facts.ino) if self.facts else None

    def open(self, flags: int) -> int:
        """A descriptor of the very file that was looked at. Raises Changed when the name leads elsewhere by now.

        Never blocks: BlockingIOError while somebody holds a lease on the file.
        """
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            fd = os.open(self.place.name, flags, dir_fd=self.place.parent)
        except FileNotFoundError as error:
            raise Changed from error
        found = mounts.facts(fd, self.place.parent)
        if (found.dev, found.ino) != self.identity:
            os.close(fd)
            raise Changed
        return fd

    def close(self) -> None:
        """Let go of the inode. A replaced file is freed by that: before its directory is flushed costs the least."""
        if self.fd is not None:
            fd, self.fd = self.fd, None
            with suppress(OSError):  # it may come after a publish, and nothing depends on it
                os.close(fd)

    def is_still_there(self) -> bool:
        """Whether the name still leads to what was looked at (or still to nothing)."""
        found = mounts.facts_at(self.place.parent, self.place.name)
        return (None if found is None else (found.dev, found.ino)) == self.identity


def is_secret(root: Root, target: Target) -> bool:
    """Whether ``target`` is among the secrets of ``root``, by its own name or by a hard link in the same directory."""
    if not root.secrets:
        return False
    return root.is_secret(relative_to(root, target.path) or target.path) or _has_secret_link(root, target)


def _has_secret_link(root: Root, target: Target) -> bool:
    if target.facts is None or target.facts.nlink == 1:
        return False
    parent = target.place.parent
    try:
        names = [name for name in os.listdir(f"/proc/self/fd/{parent}") if root.is_secret(name)]
    except OSError:
        return True  # nobody knows
    found = [mounts.facts_at(parent, name) for name in names]
    return any(each is not None and (each.dev, each.ino) == target.identity for each in found)


@contextmanager
def look(
    place: Place,
    policy: RoutePolicy = RoutePolicy.AUTO,
    *,
    despite_mode: bool = False,
    elsewhere: Elsewhere | None = None,
) -> Generator[Target]:
    """The target at ``place``; its descriptor is open inside the ``with``. A refusal is a result, not an exception.

    ``elsewhere`` says whether somebody else has mounted the file's inode: then it is kept.

    ``despite_mode``: a file that this process may not write is replaced all the same where a rename can do it, as
    rename(2) has it; the new one belongs to this process where that is not to be had otherwise.
    """
    seen = _see(place)
    if seen is None:
        yield _absent(place, UNKNOWN if elsewhere is None else NOT_BOUND)
        return
    fd, facts = seen
    try:
        bound = UNKNOWN if elsewhere is None else elsewhere(place, facts)
        target = _present(place, fd, facts, policy, bound, despite_mode=despite_mode)
    except BaseException:
        os.close(fd)
        raise
    try:
        yield target
    finally:
        target.close()


def _see(place: Place) -> tuple[int, mounts.Facts] | None:
    """What is there. A file without a name may have lost it between two calls: then its successor is the one."""
    left = _LOOKS
    while (fd := place.look()) is not None:
        try:
            facts = mounts.facts(fd, place.parent)
        except BaseException:
            os.close(fd)
            raise
        left -= 1
        if facts.nlink or facts.mount_root or not left:
            return fd, facts
        os.close(fd)
    return None


def _absent(place: Place, bound: Bound) -> Target:
    directory = mounts.facts(place.parent, place.parent)
    refusal = of_directory(place, directory)
    choice = None if refusal else Choice(Route.REPLACE, "new-file", "nothing is there yet")
    findings = persistence.of(place, directory.mount_id)
    return Target(place, None, None, choice, refusal, findings, bound=bound)


def _present(
    place: Place, fd: int, facts: mounts.Facts, policy: RoutePolicy, bound: Bound, *, despite_mode: bool
) -> Target:
    refusal = of_file(place, fd, facts)
    findings = persistence.of(place, facts.mount_id)
    if refusal and not (despite_mode and isinstance(refusal, NoPermission)):
        return Target(place, fd, facts, None, refusal, findings, bound=bound)
    choice = _in_place(facts, policy, bound)
    directory = None
    if choice is None:
        directory = mounts.facts(place.parent, place.parent)
        choice = _in_place_in(directory, place, facts) or _ORDINARY
    if refusal and choice.code == "metadata":
        choice = _NOT_OURS
    if refusal and choice.name is Route.OVERWRITE:
        return Target(place, fd, facts, None, refusal, findings, bound=bound)
    return Target(place, fd, facts, choice, None, findings, directory, bound)


def _overwrite(code: str, reason: str) -> Choice:
    return Choice(Route.OVERWRITE, code, reason)


_ORDINARY: Final = Choice(Route.REPLACE, "ordinary-file", "an ordinary file in a writable directory")


_NOT_OURS: Final = Choice(
    Route.REPLACE, NOT_OURS, "it may not be written, but its directory may: the new file is this process's own"
)


def _in_place(found: mounts.Facts, policy: RoutePolicy, bound: Bound) -> Choice | None:
    """Why the file must keep its inode, for what it is itself."""
    if found.mount_root:
        return _overwrite("mount-point", "the file itself is a mount point: a rename onto it fails with EBUSY")
    if found.nlink > 1:
        return _overwrite("several-links", f"the file has {found.nlink} hard links: a rename would part them")
    if policy is RoutePolicy.OVERWRITE:
        return _overwrite("set-by-root", "the settings of its root say so")
    if bound.state == "yes":
        return _overwrite("bound-elsewhere", f"bound by {bound.by}, which would keep the old file after a rename")
    return None


def _in_place_in(directory: mounts.Facts, place: Place, found: mounts.Facts) -> Choice | None:
    """Why no other file can take its place in this directory."""
    if of_directory(place, directory) or _sticky(directory, found):
        return _overwrite("closed-directory", "its directory cannot be written")
    lost = metadata.not_reproducible(found)
    return _overwrite("metadata", lost) if lost else None


def _sticky(directory: mounts.Facts, found: mounts.Facts) -> bool:
    """Whether the sticky bit of the directory keeps others' files from being replaced (unlink(2), EPERM)."""
    return bool(directory.mode & stat.S_ISVTX) and (
        os.geteuid() not in {found.uid, directory.uid} and not metadata.may_remove_others()
    )
