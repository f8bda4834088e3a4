"""A whole tree below one directory: flushed, or removed. No link is followed, and no mount entered."""

from __future__ import annotations

import errno
import os
from contextlib import closing, suppress
from itertools import islice
from typing import TYPE_CHECKING, Final

from confkeep.files import mounts, syscalls
from confkeep.files.written import sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOOK: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: Up to so many files and directories are flushed one by one. On an idle disk syncfs is cheaper from 2 on (1.8 ms, and
#: 0.9 ms for each fsync), but it waits for what others have written as well: 9 ms for 20 MB, 70 ms for 200 MB.
#: 8 cost 6.5 ms at most, whoever writes; 1,000 cost 740 ms by fsync and 17 ms by syncfs (``python -m bench folder``).
_FEW: Final = 8
#: Filesystems (linux/magic.h) whose syncfs flushes all, and tells when that failed: ext2-4, xfs, btrfs, f2fs, tmpfs. An
#: overlay passes it on without the errors of what is below, and FUSE does not pass it on.
_FLUSHED_WHOLE: Final = {0xEF53, 0x58465342, 0x9123683E, 0xF2F52010, 0x01021994}
#: The first Linux whose syncfs tells of errors (syncfs(2)).
_TELLS: Final = (5, 8)
#: A tree nested deeper than that is left alone: each level holds a descriptor while it is removed.
_DEEPEST: Final = 256
_OWNER_MAY: Final = 0o700


def flush(top: int) -> None:
    """Flush all files and directories below the readable descriptor ``top``, and itself.

    ``top`` has been open since before the first of them was written: so syncfs tells of each failure since.
    Raises OSError.
    """
    try:
        with closing(_entries(top)) as entries:
            few = len(list(islice(entries, _FEW + 1))) <= _FEW
        if few or syscalls.filesystem_type(top) not in _FLUSHED_WHOLE or _version() < _TELLS:
            for path in _entries(top):
                _flush(top, path)
            return
    except PermissionError:
        pass  # closed even to us, who made it: syncfs asks for no permission
    syscalls.syncfs(top)


def _entries(top: int) -> Generator[str]:
    """The regular files and the directories below ``top``; the other kinds hold nothing."""
    pending = ["."]
    while pending:
        path = pending.pop()
        yield path
        fd = os.open(path, _DIRECTORY, dir_fd=top)
        try:
            with os.scandir(fd) as found:
                for entry in found:
                    inner = f"{path}/{entry.name}"
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(inner)
                    elif entry.is_file(follow_symlinks=False):
                        yield inner
        finally:
            os.close(fd)


def _flush(top: int, path: str) -> None:
    fd = os.open(path, _FILE, dir_fd=top)
    try:
        sync_directory(fd)
    finally:
        os.close(fd)


def _version() -> tuple[int, ...]:
    return tuple(int(number) for number in os.uname().release.split("-")[0].split(".")[:2])


def remove(parent: int, name: str) -> OSError | None:
    """Remove the directory ``name`` in ``parent`` with all that is in it, as far as that goes.

    None when nothing is left; else why the first thing could not be removed. What is gone already is fine: another
    process may be removing the same tree.
    """
    return _remove(parent, name, 0)


def _remove(parent: int, name: str, depth: int) -> OSError | None:
    failed: OSError | None = None
    try:
        fd = _enter(parent, name, depth)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    try:
        with os.scandir(fd) as found:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        for inner, is_directory in entries:
            why = _remove(fd, inner, depth + 1) if is_directory else _attempt(os.unlink, fd, inner)
            failed = failed or why
    except OSError as error:
        failed = failed or error
    finally:
        os.close(fd)
    return failed or _attempt(os.rmdir, parent, name)


def _enter(parent: int, name: str, depth: int) -> int:
    """A descriptor of the directory ``name``, which its owner may list and empty from now on.

    Raises OSError: EBUSY for a mount point, whose content is not the tree's.
    """
    if depth > _DEEPEST:
        raise OSError(errno.ELOOP, f"nested more than {_DEEPEST} directories deep", name)
    look = os.open(name, _LOOK, dir_fd=parent)
    try:
        found = mounts.facts(look, parent)
        if found.mount_root:
            raise OSError(errno.EBUSY, "a mount point", name)
        if found.mode & _OWNER_MAY != _OWNER_MAY:
            with suppress(OSError):  # by the descriptor, so that no link can lead elsewhere
                os.chmod(f"/proc/self/fd/{look}", _OWNER_MAY)
        return os.open(".", _DIRECTORY, dir_fd=look)
    finally:
        os.close(look)


def _attempt(call: Callable[..., None], parent: int, name: str) -> OSError | None:
    try:
        call(name, dir_fd=parent)
    except FileNotFoundError:
        return None
    except OSError as error:
        return error
    return None
