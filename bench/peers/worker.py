"""A process that saves with one writer when it is told to: ``python -m bench.peers.worker WRITER``.

The first line of its output is the writer's version. Each line of its input asks for a save, PATH TAB SIZE TAB NUMBER
TAB ETAG, and is answered by nanoseconds on the clock and nanoseconds of the processor: those of the save, and those
that other threads have used since the last one (a store that settles later shall not do that for nothing). PATH alone
asks for the content before. An answer that begins with ``!`` is an error.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from bench.peers.writers import WRITERS

if TYPE_CHECKING:
    from bench.peers.writing import Made


def content(size: int, number: int) -> bytes:
    """16 bytes that name size and number, again and again (as bench/contents.py: a reader knows a torn one)."""
    return b"%07d %07d\n" % (size, number) * (size // 16)


class _Saver:
    """Saves, and tells what that cost."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._others = 0  # what other threads than this one had used of the processor after the last save

    def answer(self, line: str) -> str:
        """What to say to ``line``."""
        path, *asked = line.rstrip("\n").split("\t")
        if not asked:
            return (self._made.recall(path) or b"").decode("ascii").partition("\n")[0]
        size, number, etag = asked
        data = content(int(size), int(number))
        wall = time.perf_counter_ns()
        own = time.thread_time_ns()  # a system call, unlike the clock: it marks the save in a trace (trace.py)
        self._made.save(path, data, etag or None)
        until = time.thread_time_ns()
        wall = time.perf_counter_ns() - wall
        before, self._others = self._others, time.process_time_ns() - until
        return f"{wall} {until - own + self._others - before}"


def main(name: str) -> None:
    """Serve until the input ends."""
    try:
        made = WRITERS[name].make()
    except ModuleNotFoundError as error:
        print(f"! {error}", flush=True)
        return
    saver = _Saver(made)
    print(made.version, flush=True)
    for line in sys.stdin:
        try:
            said = saver.answer(line)
        except Exception as error:  # noqa: BLE001 - the bench says which writer failed, and with what
            said = f"! {type(error).__name__}: {error}".replace("\n", " ")
        print(said, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
