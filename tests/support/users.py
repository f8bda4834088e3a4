"""Run a piece of a test as another user, in a process of its own."""

from __future__ import annotations

import ctypes
import importlib
import os
import pickle
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

#: Users that no machine has files of.
STRANGER: Final = 54321
OTHER: Final = 54322
_PR_SET_DUMPABLE: Final = 4
#: What is imported when first needed, from where another user may not be able to read.
_LAZY: Final = ("encodings.ascii", "encodings.latin_1", "confkeep.documents.yaml.check")


def run_as(uid: int, call: Callable[[], T], *, groups: tuple[int, ...] = (), root: Path | None = None) -> T:
    """What ``call`` returns (or raises) in a forked process of user and group ``uid``; only 0 has capabilities.

    ``root`` becomes the process's ``/``, as that of a container.
    """
    for name in _LAZY:
        importlib.import_module(name)
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        # Since Python 3.12 forking beside threads warns; the child takes no lock that a thread here could hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _answer(writable, uid, call, groups, root)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    error, value = pickle.loads(answer)  # noqa: S301 - from our own child
    if error is not None:
        raise error
    result: T = value
    return result


def _answer(writable: int, uid: int, call: Callable[[], Any], groups: tuple[int, ...], root: Path | None) -> None:
    try:
        if root is not None:
            os.chroot(root)
            os.chdir("/")
        os.setgroups(groups)
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        # As if it had been started by this user: /proc/self is its own, and nothing is remembered of the superuser.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)
        forget()
        answer = pickle.dumps((None, call()))
    except BaseException as error:  # noqa: BLE001 - whatever it is, the test shall see it
        answer = _pickled(error)
    # Nothing may escape: the child would go on with the tests.
    try:
        with os.fdopen(writable, "wb") as pipe:
            pipe.write(answer)
    finally:
        os._exit(0)


def _pickled(error: BaseException) -> bytes:
    try:
        answer = pickle.dumps((error, None))
        pickle.loads(answer)  # noqa: S301 - our own
    except Exception:  # noqa: BLE001 - an error that cannot travel
        return pickle.dumps((AssertionError("".join(traceback.format_exception(error))), None))
    return answer


def forget() -> None:
    """Empty the caches of confkeep's modules: what they hold stays the same only for the life of a process."""
    for name, module in list(sys.modules.items()):
        if name.startswith("confkeep"):
            for value in vars(module).values():
                if callable(clear := getattr(value, "cache_clear", None)):
                    clear()
