"""A mount namespace of the tests' own: whatever they mount vanishes with them, and nobody else sees it."""

from __future__ import annotations

import ctypes
import os

_CLONE_NEWNS = 0x00020000  # sched.h; os.unshare exists only since Python 3.12
_MS_REC_PRIVATE = 0x4000 | 0x40000


def enter_private() -> str | None:
    """Put this process into a mount namespace of its own; why not, where that is impossible.

    Files on the ordinary disk stay what they are, so a container engine outside still finds what it is to mount.
    """
    if os.geteuid() != 0:
        return "mounting needs the superuser"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None) != 0:
        return f"no mount namespace to be had: {os.strerror(ctypes.get_errno())}"
    return None
