"""What a service manager is told: the datagrams of ``sd_notify(3)``; without NOTIFY_SOCKET, nothing."""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

_log: Final = logging.getLogger("confkeep")
#: Seconds for a manager whose queue is full: we must not hang because nobody listens to us.
_PATIENCE: Final = 1.0


def ready(text: str) -> None:
    """We serve; ``text`` is what ``systemctl status`` shows."""
    _tell("READY=1", _status(text))


def status(text: str) -> None:
    """What ``systemctl status`` shows from now on."""
    _tell(_status(text))


def stopping() -> None:
    """We were told to stop and end when what is under way is done."""
    _tell("STOPPING=1", _status("stopping"))


@contextmanager
def reloading() -> Generator[None]:
    """The settings are read again inside the ``with``; afterwards we are ready again, whatever came of it.

    The time tells the manager that this answers its own request, not an earlier one (sd_notify(3), RELOADING=1).
    """
    _tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
    try:
        yield
    finally:
        _tell("READY=1")


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.splitlines())  # a line break would begin another assignment


def _tell(*assignments: str) -> None:
    """One datagram. That it cannot be sent is logged and nothing else: the service is worth more than its report."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    message = "\n".join(assignments).encode("utf-8", "backslashreplace")
    name = "\0" + address[1:] if address.startswith("@") else address  # unix(7): the abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(_PATIENCE)
            manager.connect(name)
            manager.send(message)
    except OSError as error:
        _log.warning("NOTIFY_SOCKET %s: the service manager could not be told %s: %s", address, assignments[0], error)
