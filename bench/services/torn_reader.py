"""A reader as any program has one. ``torn_reader.py PATH KNOWN READS``: prints how many reads, how many were torn.

Torn is what is none of the contents in the directory KNOWN. It pauses for as long as it read (see bench/reader.py).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

_BURST = 16
_LONGEST_PAUSE = 0.002


def main(path: Path, known: Path, reads: int) -> None:
    """Read at least so often."""
    whole = {file.read_bytes() for file in known.iterdir()}
    done = torn = 0
    print(flush=True)  # ready
    while done < reads:
        began = time.perf_counter()
        torn += sum(path.read_bytes() not in whole for _ in range(_BURST))
        done += _BURST
        time.sleep(min(time.perf_counter() - began, _LONGEST_PAUSE))
    print(done, torn)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
