"""Cockpit's ``fsreplace1``: a bridge, as each session has one, that speaks frames (doc/protocol.md of Cockpit).

Cockpit's web server would come on top: what is measured is less than what a browser waits for. The bridge's own
session bus and SSH agent are left out by telling it that there are some.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Final

from bench.services import tree
from bench.services.connection import Connection, Refused
from bench.services.peer import Peer, Running

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PROGRAM: Final = "cockpit-bridge"
_HELLO: Final = {"command": "init", "version": 1, "host": "localhost", "superuser": False}
_PATIENCE: Final = 30.0


class _Bridge(Connection):
    """A bridge of its own, and the only client of it."""

    def __init__(self, base: Path) -> None:
        ours, its = socket.socketpair()
        nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent", "SSH_AUTH_SOCK": "/nonexistent"}
        there = {"HOME": os.fspath(base), "XDG_RUNTIME_DIR": os.fspath(base)}
        environment = os.environ | nowhere | there
        with its:
            end = its.fileno()
            self.process = subprocess.Popen(
                [_PROGRAM], stdin=end, stdout=end, stderr=subprocess.DEVNULL, env=environment
            )
        super().__init__(ours)
        self._folder = base / "config"
        self._channels = count(1)
        self._tags: dict[str, str] = {}
        self._name = ""
        self._receive("init")
        self.send(_control(**_HELLO))

    def close(self) -> None:
        """Hang up: the bridge ends with its session."""
        super().close()
        self.process.wait(_PATIENCE)

    def request(self, name: str, data: bytes, *, shared: bool = False) -> bytes:
        """Open a channel, the content, done. Without the tag of the old content, which compares nothing."""
        del shared
        return self._replace(name, data)

    def stale(self, name: str, data: bytes) -> bytes:
        """With the tag of a content that is not there."""
        return self._replace(name, data, tag="1:1-1")

    def _replace(self, name: str, data: bytes, **options: str) -> bytes:
        channel = str(next(self._channels))
        path = os.fspath(self._folder / name)
        opened = _control(command="open", channel=channel, payload="fsreplace1", binary="raw", path=path, **options)
        return opened + _frame(channel, data) + _control(command="done", channel=channel)

    def _whole(self) -> bool:
        """The answer to a save is the channel's close, with the new tag, or with a problem."""
        while (message := self._message()) is not None:
            if message.get("command") == "close":
                if "problem" in message:
                    raise Refused(str(message["problem"]), str(message))
                return True
        return False

    def _receive(self, command: str) -> None:
        while True:
            self._received += self._stream.recv(1 << 16)
            message = self._message()
            if message is not None and message["command"] == command:
                return

    def _message(self) -> dict[str, object] | None:
        """The next control message: a frame on the channel without a name."""
        length, newline, rest = bytes(self._received).partition(b"\n")
        if not newline or len(rest) < int(length):
            return None
        del self._received[: len(length) + 1 + int(length)]
        message: dict[str, object] = json.loads(rest[: int(length)].partition(b"\n")[2])
        return message


def _control(**message: object) -> bytes:
    return _frame("", json.dumps(message).encode("ascii"))


def _frame(channel: str, payload: bytes) -> bytes:
    return f"{len(channel) + 1 + len(payload)}\n{channel}\n".encode("ascii") + payload


@contextmanager
def _running(base: Path) -> Generator[Running]:
    """Each client has a bridge; that of the first one is there from the beginning, and tells the time of a start."""
    before = time.perf_counter()
    bridges = [_Bridge(base)]
    seconds = time.perf_counter() - before
    unused = bridges[:]

    def connect() -> _Bridge:
        if unused:
            return unused.pop()
        bridges.append(_Bridge(base))
        return bridges[-1]

    def pids() -> list[int]:
        return [pid for bridge in bridges if bridge.process.poll() is None for pid in tree.pids(bridge.process.pid)]

    try:
        yield Running(base / "config", connect, pids, seconds)
    finally:
        for bridge in bridges:
            bridge.close()


def peer() -> Peer:
    """As Debian builds it."""
    missing = (
        None if shutil.which(_PROGRAM) else "not installed: apt-get install --no-install-recommends cockpit-bridge"
    )
    return Peer("Cockpit, fsreplace1", frozenset({"file"}), _running, "" if missing else _version(), missing)


def _version() -> str:
    said = subprocess.run([_PROGRAM, "--version"], capture_output=True, check=True, text=True).stdout
    return said.partition("Version:")[2].split()[0]
