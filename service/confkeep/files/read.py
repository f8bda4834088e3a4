"""Read a target once, whole, without standing in the way of anybody's lease for longer than that."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.errors import NoPermission, NotARegularFile, TargetBusy
from confkeep.etag import Version, version_of
from confkeep.files.metadata import attributes

if TYPE_CHECKING:
    from confkeep.files.metadata import Attributes
    from confkeep.files.target import Target

_PAUSE: Final = 0.0002
_WAIT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Whole:
    """A file's bytes, and the attributes that a file that replaces it must have; None where they cannot be read."""

    version: Version
    attributes: Attributes | None


def read(target: Target, wait: float = _WAIT) -> bytes:
    """The bytes of the file that was looked at, b"" where there is none.

    A lease of another writer is waited for, at most ``wait`` seconds (TargetBusy). Raises Changed, NoPermission,
    NotARegularFile.
    """
    if target.facts is None:
        return b""
    fd = open_to_read(target, wait)
    try:
        return read_all(fd)
    finally:
        os.close(fd)


def read_from_disk(target: Target, wait: float = _WAIT) -> bytes:
    """As ``read``, but pages that the kernel counts as clean are dropped first: it may never have written them.

    After a failed flush it does not write them again, and says so to nobody who opens the file later (overwrite.py).
    """
    if target.facts is None:
        return b""
    fd = open_to_read(target, wait)
    try:
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        return read_all(fd)
    finally:
        os.close(fd)


def read_whole(target: Target, wait: float = _WAIT, *, hashed: bool = True) -> Whole | None:
    """The bytes and attributes of the file that was looked at, None where there is none. Raises as ``read``.

    ``hashed`` False: nobody asks for the etag, which is left empty.
    """
    if target.facts is None:
        return None
    fd = open_to_read(target, wait)
    try:
        data = read_all(fd)
        return Whole(version_of(data) if hashed else Version(data, ""), _attributes(fd))
    finally:
        os.close(fd)


def read_attributes(target: Target, wait: float = _WAIT) -> Attributes | None:
    """The attributes of the file that was looked at, None where they cannot be read. Raises as ``read``."""
    fd = open_to_read(target, wait)
    try:
        return _attributes(fd)
    finally:
        os.close(fd)


def _attributes(fd: int) -> Attributes | None:
    try:
        return attributes(fd)
    except OSError:
        return None


def is_readable(target: Target) -> bool:
    """Whether there is a regular file that this process may read."""
    if target.fd is None or target.facts is None or not stat.S_ISREG(target.facts.mode):
        return False
    return os.access(f"/proc/self/fd/{target.fd}", os.R_OK)


def open_to_read(target: Target, wait: float = _WAIT) -> int:
    """A descriptor of the file that was looked at; a lease is waited for. Raises as ``read``."""
    if target.facts is not None and not stat.S_ISREG(target.facts.mode):
        raise target.refusal or NotARegularFile(f"{target.path} is not a regular file", remedy="name a regular file")
    give_up = time.monotonic() + wait
    while True:
        try:
            return target.open(os.O_RDONLY)
        except BlockingIOError as error:
            if time.monotonic() >= give_up:
                raise TargetBusy(f"another program holds a lease on {target.path}", remedy="try again") from error
        except PermissionError as error:
            raise NoPermission(
                f"uid {os.geteuid()} may not read {target.path}",
                remedy="give the user confkeep runs as read permission on the file",
                rule="MNT019",
            ) from error
        time.sleep(_PAUSE)


def read_all(fd: int) -> bytes:
    """Everything in ``fd`` from its start."""
    size = os.lseek(fd, 0, os.SEEK_END)  # and not fstat, which asks for the times (see mounts.py)
    pieces = [os.pread(fd, size + 1, 0)]
    length = len(pieces[0])
    while pieces[-1] and length != size:  # short read, or the size has changed
        pieces.append(os.pread(fd, 1 << 20, length))
        length += len(pieces[-1])
    return b"".join(pieces)
