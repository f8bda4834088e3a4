"""Two names of one filesystem that change places: in one step, or in three where a filesystem cannot do that."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Final

from confkeep.errors import IoError
from confkeep.files import mounts, syscalls

if TYPE_CHECKING:
    from collections.abc import Generator

#: The filesystem or the kernel has no renameat2 flags; EPERM: a seccomp profile from before it.
NO_FLAGS: Final = {errno.EINVAL, errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP}


def aside() -> str:
    """A name that no sweep removes, for the only copy of something."""
    return f".confkeep-{secrets.token_hex(8)}.old"


def swap(directory: int, new: str, name: str, *, locked: bool = False) -> bool:
    """Exchange ``new`` and ``name``, both paths from ``directory``. False: nothing was at ``name`` for a moment.

    ``locked``: the caller keeps others of us away. Raises OSError: nothing has changed. Raises IoError when what was at
    ``name`` could not be put back.
    """
    try:
        syscalls.rename_exchange(directory, new, name)
    except OSError as error:
        if error.errno not in NO_FLAGS:
            raise
        with nullcontext() if locked else _alone(directory):
            _in_three_steps(directory, new, name)
        return False
    return True


def rename_new(directory: int, old: str, new: str, *, locked: bool = False) -> bool:
    """Rename ``old`` to ``new``, where nothing is; FileExistsError otherwise.

    False where the filesystem can only look first: a file or an empty directory that came just then is replaced.
    """
    try:
        syscalls.rename_noreplace(directory, old, new)
    except OSError as error:
        if error.errno not in NO_FLAGS:
            raise
    else:
        return True
    with nullcontext() if locked else _alone(directory):
        if mounts.facts_at(directory, new) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
        rename(directory, old, new)
    return False


def _in_three_steps(directory: int, new: str, name: str) -> None:
    old = os.path.join(os.path.dirname(name), aside())
    try:
        rename(directory, name, old)
        rename(directory, new, name)
        rename(directory, old, new)
    except BaseException:
        _put_back(directory, old, new, name)
        raise


def _put_back(directory: int, old: str, new: str, name: str) -> None:
    """Whatever has been done is undone, wherever it was interrupted."""
    if mounts.facts_at(directory, old) is None:
        return
    try:
        if mounts.facts_at(directory, new) is None:
            rename(directory, name, new)
        rename(directory, old, name)
    except OSError as error:
        raise IoError(
            f"{name} could not be put back ({error.strerror}): what was there is at {old} beside it",
            remedy=f"rename {old} to {name}",
        ) from error


@contextmanager
def _alone(directory: int) -> Generator[None]:
    """No other of us is between two steps in ``directory`` (flock(2); where there is none, that cannot be had)."""
    with suppress(OSError):
        fcntl.flock(directory, fcntl.LOCK_EX)
    try:
        yield
    finally:
        with suppress(OSError):
            fcntl.flock(directory, fcntl.LOCK_UN)


def rename(directory: int, old: str, new: str) -> None:
    """Inside one directory; a file, or an empty directory where ``old`` is one, is replaced."""
    os.rename(old, new, src_dir_fd=directory, dst_dir_fd=directory)
