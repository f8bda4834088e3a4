"""Every place in a save where it calls the operating system, and what can happen there.

Python tells a profile function before and after each call of a function in C (sys.setprofile): so no call has to be
known by name, and one that is added later is a site as well. An exception raised "after" is one that comes between
two instructions, as KeyboardInterrupt does: the call has had its effect.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_MODULES: Final = {"posix", "fcntl"}
#: Ask nothing of the kernel, or cannot be interrupted with an effect.
_PURE: Final = {"fspath", "getpid", "geteuid", "getegid", "getuid", "major", "minor", "makedev", "urandom"}
#: Whose calls count: the product's, and those of a test that stands in for it.
_OURS: Final = ("confkeep.", "tests.")
#: Our own way into the kernel.
_OWN: Final = "confkeep.files.syscalls"

When = Literal["before", "after"]


class Site(NamedTuple):
    """The ``number``-th call of ``name`` in a thread of that kind."""

    thread: str
    name: str
    number: int
    when: When


class Watch:
    """A profile function that calls ``act`` at every site."""

    def __init__(self, act: Callable[[Site], None]) -> None:
        self._act = act
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def __call__(self, frame: FrameType, event: str, function: Any) -> None:  # noqa: ANN401 - as sys.setprofile has it
        """One call or return, of C or of our own."""
        module = frame.f_globals.get("__name__", "")
        if event in {"c_call", "c_return"}:
            name = function.__name__
            if function.__module__ not in _MODULES or name in _PURE or not module.startswith(_OURS):
                return
            self._at(name, "before" if event == "c_call" else "after")
        elif module == _OWN and not frame.f_code.co_name.startswith("_"):
            self._at(frame.f_code.co_name, "before" if event == "call" else "after")

    def _at(self, name: str, when: When) -> None:
        thread = "main" if threading.current_thread() is threading.main_thread() else "stage"
        self._counts[thread, name, when] += 1
        self._act(Site(thread, name, self._counts[thread, name, when], when))

    def __enter__(self) -> None:
        """From here on, in this thread and in those that start later."""
        threading.setprofile(self)
        sys.setprofile(self)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)


def all_sites(call: Callable[[], object]) -> list[Site]:
    """The sites that ``call`` passes."""
    found: list[Site] = []
    with Watch(found.append):
        call()
    return found


def in_a_child(call: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the call returns
    """What ``call`` returns in a forked process; None when it is killed."""
    readable, writable = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: none here holds a lock
        child = os.fork()
    if child == 0:
        _answer(writable, call)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    if not answer:
        return None
    error, value = pickle.loads(answer)  # noqa: S301 - from our own child
    assert error is None, error
    return value


def _answer(writable: int, call: Callable[[], Any]) -> NoReturn:
    try:
        answer = pickle.dumps((None, call()))
    except BaseException as error:  # noqa: BLE001 - the test shall see it
        answer = pickle.dumps((repr(error), None))
    with os.fdopen(writable, "wb") as pipe:
        pipe.write(answer)
    os._exit(0)
