"""Runs inside a container: what an editor's attempts on a file come to, as JSON.

Printed are errno names (or "done") by attempt, and the link count, inode and mount root of the file.
"""

import ctypes
import errno
import json
import os
import sys
from collections.abc import Callable

AT_FDCWD, RENAME_EXCHANGE = -100, 2

target = sys.argv[1]
folder = os.path.dirname(target)
temporary = os.path.join(folder, "temporary.tmp")
libc = ctypes.CDLL(None, use_errno=True)


def outcome(attempt: Callable[[], object]) -> str:
    """How an attempt ended."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def create() -> None:
    """Make the temporary file that a replacement starts with."""
    os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))


def exchange() -> None:
    """Swap the two names (renameat2)."""
    source, name = os.fsencode(temporary), os.fsencode(target)
    if libc.renameat2(AT_FDCWD, source, AT_FDCWD, name, RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def mount_root() -> str:
    """The root field of the mountinfo line of the mount that holds the file, found by mount id."""
    fd = os.open(target, os.O_PATH)
    with open(f"/proc/self/fdinfo/{fd}") as info:
        mount = next(line.split()[1] for line in info if line.startswith("mnt_id:"))
    with open("/proc/self/mountinfo") as mounts:
        return next(line.split()[3] for line in mounts if line.split()[0] == mount)


entry = os.stat(target)
outcomes = {
    "nlink": entry.st_nlink,
    "inode": entry.st_ino,
    "root": mount_root(),
    "temporary": outcome(create),
    "open": outcome(lambda: os.close(os.open(target, os.O_WRONLY))),
    "rename": outcome(lambda: os.rename(temporary, target)),
    "exchange": outcome(exchange),
    "link": outcome(lambda: os.link(target, os.path.join(folder, "link.tmp"))),
    "unlink": outcome(lambda: os.unlink(target)),
}
json.dump(outcomes, sys.stdout)
