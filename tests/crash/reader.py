"""A reader as any program has one: open, read, close, a pause. Counts what it saw, until its input ends.

``python -m tests.crash.reader PATH PAUSE SEED`` prints "ready", and in the end one line of JSON.
"""

import json
import select
import sys
import time
from pathlib import Path

from tests.crash.contents import known


def main(path: Path, pause: float, seed: int) -> None:
    """Read until nobody wants more."""
    whole = known(seed)
    reads = torn = empty = 0
    print("ready", flush=True)  # noqa: T201 - its parent waits for it
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in range(10):
            with path.open("rb") as file:
                data = file.read()
            reads += 1
            if not data:
                empty += 1
            elif data not in whole:
                torn += 1
            if pause:
                time.sleep(pause)
    print(json.dumps({"reads": reads, "torn": torn, "empty": empty}))  # noqa: T201 - its parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
