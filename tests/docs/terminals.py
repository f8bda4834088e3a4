"""The terminals in which a reader of a page pastes its blocks, one after the other."""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from tests.daemon.running import PATIENCE
from tests.docs.blocks import text_matches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DONE: Final = "\n-- the block is done --\n"
_SIGN_OF_LIFE: Final = re.compile(r": still here\n(?:id: .*\n)?\n")


class Terminal:
    """One process, its output and its errors as they come. ``close`` ends it and what it has started."""

    def __init__(self, command: Sequence[str], where: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=where,
            env=os.environ | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._output = _stream(self._process.stdout)
        self._input = _stream(self._process.stdin)
        self._waiting = ""

    def type(self, text: str) -> None:
        """Hand ``text`` to its standard input."""
        self._input.write(text.encode("utf-8"))
        self._input.flush()

    def until(self, end: str) -> str:
        """What comes before ``end``, which must come."""
        give_up = time.monotonic() + PATIENCE
        while end not in self._waiting:
            assert self._read_more(give_up), f"it ended, or stopped, after {self._waiting!r}"
        found, _, self._waiting = self._waiting.partition(end)
        return found

    def rest(self) -> str:
        """What comes until the process ends, which it must do well."""
        give_up = time.monotonic() + PATIENCE
        while self._read_more(give_up):
            pass
        assert self._process.wait(PATIENCE) == 0, self._waiting
        return self._waiting

    def shows(self, shown: str) -> None:
        """Wait until the next lines are these; signs of life (comments) between them do not count."""
        give_up = time.monotonic() + PATIENCE
        while not text_matches(shown, lines := self._next(shown.count("\n"))):
            assert self._read_more(give_up), f"shown:\n{shown}\nprinted:\n{lines}\nlater:\n{self._waiting}"
        self._waiting = self._waiting.removeprefix(lines)

    def _next(self, count: int) -> str:
        self._waiting = _SIGN_OF_LIFE.sub("", self._waiting)
        return "".join(self._waiting.splitlines(keepends=True)[:count])

    def _read_more(self, give_up: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            if not selector.select(max(0, give_up - time.monotonic())):
                return False
        more = os.read(self._output.fileno(), 1 << 16)
        self._waiting += more.decode("utf-8")
        return bool(more)

    def close(self) -> None:
        """End the whole session of the process."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._input.close()
        self._output.close()


class Shell(Terminal):
    """A shell that stops at the first command that fails; variables stay from block to block."""

    def __init__(self, where: Path, environment: dict[str, str]) -> None:
        super().__init__(["bash", "-euo", "pipefail"], where, environment)

    def paste(self, lines: str) -> str:
        """What these lines print."""
        self.type(f"{lines}printf '{_DONE}'\n")
        return self.until(_DONE)


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream
