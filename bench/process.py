"""Servers under measurement: start, first answer, processor time, memory, wake-ups, end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bench import client

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

_DEADLINE = 30.0
_POLL = 0.0005


class Server:
    """A running server; ``seconds`` is the time from its start to its first answer."""

    def __init__(self, command: Sequence[str], socket: Path, target: str, log: IO[bytes]) -> None:
        """Start it, its standard error to ``log``, and wait for 200 on ``target``."""
        self.socket = os.fspath(socket)
        before = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log)
        try:
            self._first_answer(client.get(target))
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise
        self.seconds = time.perf_counter() - before

    def _first_answer(self, request: bytes) -> None:
        deadline = time.monotonic() + _DEADLINE
        while True:
            try:
                connection = client.Client(self.socket)
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(_POLL)
                continue
            status, _ = connection.ask(request)
            connection.close()
            assert status == 200, f"the first answer is {status}"
            return

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self.process.terminate()
        self.process.wait(_DEADLINE)

    def processor_seconds(self) -> float:
        """Time on a processor of all threads that live, to the nanosecond (proc/schedstat)."""
        return sum(int((task / "schedstat").read_text("ascii").split()[0]) for task in self._tasks()) / 1e9

    def resident_bytes(self) -> int:
        """Resident memory."""
        return int(self._status(self._proc() / "status", "VmRSS")) << 10

    def wake_ups(self) -> int:
        """How often any thread has gone to sleep so far."""
        return sum(int(self._status(task / "status", "voluntary_ctxt_switches")) for task in self._tasks())

    def _proc(self) -> Path:
        return Path(f"/proc/{self.process.pid}")

    def _tasks(self) -> list[Path]:
        return list((self._proc() / "task").iterdir())

    @staticmethod
    def _status(file: Path, field: str) -> str:
        lines = (line.partition(":") for line in file.read_text("ascii", "replace").splitlines())
        return next(value.split()[0] for name, _, value in lines if name == field)


@contextmanager
def running(command: Sequence[str], socket: Path, target: str) -> Generator[Server]:
    """A server inside the ``with``."""
    with tempfile.TemporaryFile() as log:
        try:
            server = Server(command, socket, target, log)
        except BaseException:
            log.seek(0)
            sys.stderr.buffer.write(log.read())
            raise
        try:
            yield server
        finally:
            server.stop()


def confkeep(*arguments: str) -> list[str]:
    """The command line of this environment's confkeep: its console script where there is one."""
    script = os.path.join(os.path.dirname(sys.executable), "confkeep")
    start = [sys.executable, script] if os.path.exists(script) else [sys.executable, "-m", "confkeep"]
    return [*start, *arguments]


def serve(directory: Path, settings: str) -> tuple[list[str], Path]:
    """Command and socket of a daemon with its state and socket in ``directory``; quiet but for trouble."""
    socket, file = directory / "s", directory / "settings.toml"
    file.write_text(f'socket = "{socket}"\nstate = "{directory / "state"}"\n{settings}', "utf-8")
    return confkeep("serve", "--config", os.fspath(file)), socket
