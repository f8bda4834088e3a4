"""A listening Unix socket: one that systemd hands over, or else one of our own.

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
#: The first descriptor that is handed over (sd_listen_fds(3): SD_LISTEN_FDS_START).
_HANDED_OVER: Final = 3
_UNIT_REMEDY: Final = "in the socket unit, name one path with ListenStream= and set Accept=no"


@contextmanager
def sole_holder(path: str, what: str, directory_mode: int) -> Generator[None]:
    """Hold the lock file ``path`` inside the ``with``; it tells who holds it. A missing directory is made.

    Raises SettingsError.
    """
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=directory_mode, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
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
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_uid != os.geteuid():
            raise SettingsError(
                f"{what}: {path} is no lock file of ours", remedy="look who made it; remove it, or choose another place"
            )
        os.ftruncate(fd, 0)
        os.pwrite(fd, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(fd)


@contextmanager
def listening(path: str, group: int | None = None) -> Generator[socket.socket]:
    """A listening socket: the one that systemd hands over, or else one of our own on ``path``, mode 0660, of ``group``.

    A dead one at ``path`` is removed, nothing else ever is. What systemd hands over is systemd's: owner, group and mode
    are the socket unit's, and it stays. Raises SettingsError.
    """
    if (given := _handed_over()) is not None:
        with given:
            yield given
        return
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise SettingsError(
            f"the socket's path is longer than {_LONGEST_PATH} bytes, the most a Unix socket can have: {path}",
            remedy="name a shorter one with --socket",
        )
    with sole_holder(path + ".lock", f"socket {path}", 0o750):
        _remove_dead(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, _bound(listener, path):
            _open_to(path, group)
            listener.listen(_BACKLOG)
            yield listener


def _handed_over() -> socket.socket | None:
    """The socket of ``sd_listen_fds(3)``, if there is one for this process. The variables are gone afterwards."""
    pid, count = os.environ.pop("LISTEN_PID", None), os.environ.pop("LISTEN_FDS", None)
    os.environ.pop("LISTEN_FDNAMES", None)
    if count is None or pid != str(os.getpid()):  # inherited by mistake: they were for the process that started us
        return None
    if count != "1":
        raise SettingsError(
            f"systemd hands over {count!r} sockets (LISTEN_FDS), but confkeep listens on exactly one",
            remedy=_UNIT_REMEDY,
        )
    try:
        os.set_inheritable(_HANDED_OVER, False)  # noqa: FBT003 - positional only
        given = socket.socket(fileno=_HANDED_OVER)
    except OSError as error:
        raise SettingsError(
            f"descriptor {_HANDED_OVER}, which LISTEN_FDS announces, is no socket: {error.strerror}",
            remedy=_UNIT_REMEDY,
        ) from error
    if (wrong := _why_not(given)) is not None:
        given.close()
        raise SettingsError(f"the socket that systemd hands over {wrong}", remedy=_UNIT_REMEDY)
    return given


def _why_not(given: socket.socket) -> str | None:
    if given.family != socket.AF_UNIX:
        return f"is {given.family.name}, not AF_UNIX"
    if given.type != socket.SOCK_STREAM:
        return f"is {given.type.name}, not SOCK_STREAM"
    if not given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "does not listen"
    if not isinstance(given.getsockname(), str):  # unix(7): an abstract name has no mode, anybody may connect
        return "has an abstract name, and so no permissions"
    return None


@contextmanager
def _bound(listener: socket.socket, path: str) -> Generator[None]:
    """Bind; whichever way it ends, a signal in the middle included, our socket is not left behind.

    The file is made with the socket's own mode, less the umask (unix_bind_bsd in net/unix/af_unix.c; a test pins it):
    so it is closed to others from the first moment, and other threads keep their umask.
    """
    os.fchmod(listener.fileno(), 0o600)
    made: os.stat_result | None = None
    try:
        try:
            listener.bind(path)
        except OSError as error:
            raise SettingsError(f"socket {path}: {error.strerror}", remedy="name another with --socket") from error
        made = os.lstat(path)
        yield
    finally:
        if made is None and listener.getsockname():  # a signal came just after bind: what is there is ours
            made = os.lstat(path)
        listener.close()
        if made is not None:
            _remove_ours(path, made)


def _open_to(path: str, group: int | None) -> None:
    """Let the group in; not before the group is the right one."""
    try:
        if group is not None:
            os.chown(path, -1, group)
    except OSError as error:
        raise SettingsError(
            f"socket {path}: it cannot be given to the group {group}: {error.strerror}",
            remedy="set access.group to a group of the daemon's user, or run the daemon with CAP_CHOWN",
        ) from error
    os.chmod(path, 0o660)


def _remove_dead(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise SettingsError(f"{path} exists and is no socket", remedy="remove it, or name another with --socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # noqa: FBT003 - positional only
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except BlockingIOError:
            pass  # unix(7): its queue is full, so somebody listens
        except OSError as error:
            raise SettingsError(f"socket {path}: {error.strerror}", remedy="look who owns it") from error
    raise SettingsError(f"another program listens on {path}", remedy="stop it, or name another with --socket")


def _remove_ours(path: str, made: os.stat_result) -> None:
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if (found.st_dev, found.st_ino) == (made.st_dev, made.st_ino):
            os.unlink(path)
