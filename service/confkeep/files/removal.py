"""Remove a file, if it still holds what was compared: renamed away, compared, and only then unlinked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.errors import Refused
from confkeep.files import leftovers, mounts, syscalls, temporary
from confkeep.files.read import read_all
from confkeep.files.refusal import of_directory
from confkeep.files.replace import Displaced
from confkeep.files.target import Changed
from confkeep.files.temporary import CHANGED
from confkeep.files.written import Unsettled, Written, failure, sync_directory

if TYPE_CHECKING:
    from confkeep.etag import Version
    from confkeep.files.target import Target

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class Mounted(Refused):
    """A mount point cannot be removed (unlink(2), EBUSY)."""

    slug, title, status = "mounted-file", "The file is mounted", 409


def refusal(target: Target) -> Refused | None:
    """Why ``target`` cannot be removed, if so."""
    if target.refusal or target.facts is None:
        return target.refusal
    if target.facts.mount_root:
        return Mounted(
            f"{target.path} is a mount point: it cannot be removed from here",
            remedy="take the mount out of the container's configuration, or save it empty",
        )
    return of_directory(target.place, mounts.facts(target.place.parent, target.place.parent))


def remove(target: Target, old: Version) -> Written:
    """Remove ``target``, which holds ``old``, and flush its directory.

    Raises Changed (Displaced: an edit is to be kept) and ConfkeepError: it is still there. Unsettled: it is removed,
    but the directory could not be flushed.
    """
    refused = refusal(target)
    if refused:
        raise refused
    directory = temporary.directory_of(target)
    try:
        _away(target, old, directory)
        target.close()
        try:
            sync_directory(directory)
        except OSError as error:
            raise Unsettled("removed, but its directory could not be flushed", error) from error
    finally:
        os.close(directory)
    return Written()


def _away(target: Target, old: Version, directory: int) -> None:
    name, aside = target.place.name, leftovers.temporary_name(old.etag, leftovers.NOTHING)
    seen = mounts.facts_at(directory, name)
    if seen is None or target.facts is None or seen[: mounts.KEPT] != target.facts[: mounts.KEPT]:
        raise Changed
    try:
        syscalls.rename_noreplace(directory, name, aside)
    except OSError as error:
        if error.errno in CHANGED:
            raise Changed from error
        raise failure(error, target.path, "removing") from error
    if not _holds(directory, aside, old.data):
        _back(directory, aside, name)
        raise Changed
    os.unlink(aside, dir_fd=directory)


def _holds(directory: int, name: str, data: bytes) -> bool:
    try:
        fd = os.open(name, _LOOK, dir_fd=directory)
    except FileNotFoundError:  # another process's sweep took it: it does that with the old bytes only
        return True
    try:
        return read_all(fd) == data
    finally:
        os.close(fd)


def _back(directory: int, aside: str, name: str) -> None:
    """An edit that came just then gets its name again, unless another file has it by now."""
    try:
        syscalls.rename_noreplace(directory, aside, name)
        sync_directory(directory)
    except FileExistsError as error:
        raise Displaced(aside) from error
    except OSError as error:
        raise Unsettled("an edit that came just then could not be put back", error) from error
