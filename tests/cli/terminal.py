"""A person at a terminal: a command on a pseudo-terminal of its own, which is read and typed into."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from selectors import EVENT_READ, DefaultSelector

from tests.cli.command import SECONDS, Command

_COLOURS = re.compile(r"\x1b\[\d*m")


class Terminal:
    """What the command has printed so far, and its keyboard."""

    def __init__(self, process: subprocess.Popen[bytes], fd: int) -> None:
        self._process = process
        self._fd = fd
        self.printed = ""

    @property
    def text(self) -> str:
        """What was printed, without colours."""
        return _COLOURS.sub("", self.printed).replace("\r\n", "\n")

    def until(self, text: str) -> None:
        """Wait until ``text`` has been printed since the last answer."""
        start = len(self.printed)
        give_up = time.monotonic() + SECONDS
        while text not in self.printed[start:]:
            assert self._read(give_up), f"it ended, or stopped, after {self.printed!r}"

    def answer(self, question: str, line: str) -> None:
        """Type ``line`` when ``question`` is asked."""
        self.until(question)
        os.write(self._fd, f"{line}\n".encode())

    def hang_up(self, question: str) -> None:
        """Type Ctrl-D when ``question`` is asked: there is nothing more to be read."""
        self.until(question)
        os.write(self._fd, b"\x04")

    def interrupt(self) -> None:
        """Type Ctrl-C."""
        os.write(self._fd, b"\x03")

    def end(self) -> int:
        """The exit code, once everything is printed."""
        give_up = time.monotonic() + SECONDS
        while self._read(give_up):
            pass
        return self._process.wait(SECONDS)

    def _read(self, give_up: float) -> bool:
        with DefaultSelector() as selector:
            selector.register(self._fd, EVENT_READ)
            assert selector.select(max(0, give_up - time.monotonic())), f"it stopped after {self.printed!r}"
        more = b""
        with suppress(OSError):  # EIO: nobody has the other side open any more (pty(7))
            more = os.read(self._fd, 1 << 16)
        self.printed += more.decode("utf-8", "replace")
        return bool(more)


@contextmanager
def typing(command: Command, *arguments: str) -> Generator[Terminal]:
    """Run ``confkeep`` with ``arguments`` at a terminal, which is its controlling one as Ctrl-C needs it."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", sys.executable, "-m", "confkeep", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | dict(command.environment),
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
        assert process.poll() is not None, "the test did not wait for its end"
    finally:
        process.kill()
        process.wait()
        os.close(ours)
