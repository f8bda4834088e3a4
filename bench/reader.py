"""A reader as any program has one: open, read, close. ``python -m bench.reader PATH READS`` counts what it saw.

It reads in bursts and pauses for as long as each took, so that it has the file open half of the time at most: one
that never pauses keeps every lease away, and every save is refused.
"""

from __future__ import annotations

import os
import sys
import time

from bench.contents import LARGEST, TAG, contents

_BURST = 16
_LONGEST_PAUSE = 0.002


def main(path: str, reads: int) -> None:
    """Wait for a byte, read at least ``reads`` times, print how often, how many were torn, how many empty."""
    whole = {content[:TAG]: content for content in contents()}
    buffer = bytearray(LARGEST + 1)
    into = [buffer]
    tag = memoryview(buffer)[:TAG]
    done = torn = empty = 0
    if not os.read(0, 1):
        return  # the bench has ended
    while done < reads:
        began = time.perf_counter()
        for _ in range(_BURST):
            fd = os.open(path, os.O_RDONLY)
            length = os.readv(fd, into)
            os.close(fd)
            expected = whole.get(tag.tobytes(), b"")
            if length == 0:
                empty += 1
            elif length != len(expected) or not buffer.startswith(expected):
                torn += 1
        done += _BURST
        time.sleep(min(time.perf_counter() - began, _LONGEST_PAUSE))
    print(done, torn, empty)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
