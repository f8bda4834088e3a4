"""A listening Unix socket of our own.

uvicorn would chmod its socket to 0666, and a second daemon on the same path would silently take it over.
"""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from confkeep.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Generator

#: sun_path has 108 bytes, the last of them NUL (unix(7)).
_LONGEST_PATH: Final = 107
_BACKLOG: Final = 128


@contextmanager
def sole_holder(path: str, what: str, directory_mode: int) -> Generator[None]:
    """Hold the lock file ``path`` inside the ``with``; it tells who holds it. A missing directory is made.

    Raises SettingsError.
    """
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=directory_mode, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SettingsError(
            f"{what}: {error.filename}: {error.strerror}", remedy="name a directory that this user may write"
        ) from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise SettingsError(
                f"{what} is in use by another confkeep (process {holder}, lock file {path})",
                remedy="stop that one, or give this one a --socket and --state of its own",
            ) from error
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(fd)


@contextmanager
def listening(path: str) -> Generator[socket.socket]:
    """A socket that listens on ``path``, mode 0660; a dead one there is removed, nothing else ever is.

    Raises SettingsError.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SettingsError(
            f"the socket's path is longer than {_LONGEST_PATH} bytes, the most a Unix socket can have: {path}",
            remedy="name a shorter one with --socket",
        )
    with sole_holder(path + ".lock", f"socket {path}", 0o750):
        _remove_dead(path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(path)
            os.chmod(path, 0o660)
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise SettingsError(f"socket {path}: {error.strerror}", remedy="name another with --socket") from error
        made = os.stat(path)
        try:
            yield listener
        finally:
            listener.close()
            _remove_ours(path, made)


def _remove_dead(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SettingsError(f"{path} exists and is no socket", remedy="remove it, or name another with --socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError as error:
            raise SettingsError(f"socket {path}: {error.strerror}", remedy="look who owns it") from error
    raise SettingsError(f"another program listens on {path}", remedy="stop it, or name another with --socket")


def _remove_ours(path: str, made: os.stat_result) -> None:
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == (made.st_dev, made.st_ino):
            os.unlink(path)
