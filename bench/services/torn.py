"""Whether a program that reads a file while a service saves it may see an empty, short or mixed one."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.services.connection import Refused
from bench.sized import sized

if TYPE_CHECKING:
    from bench.services.connection import Connection
    from bench.services.peer import Running

_SIZES: Final = (1 << 10, 3 << 10, 16 << 10, 40 << 10, 100 << 10, 256 << 10)
_READER: Final = Path(__file__).with_name("torn_reader.py")


def reads(running: Running, name: str, known: Path, count: int) -> str:
    """Save one content after the other until a reader has read so often: "torn of reads"."""
    known.mkdir()
    with closing(running.connect()) as connection:
        documents = [sized(size) for size in _SIZES]
        for number, document in enumerate(documents):
            (known / str(number)).write_bytes(connection.stored(document))
        coming = cycle(documents)
        connection.save(connection.request(name, next(coming), shared=True))
        command = [sys.executable, str(_READER), str(running.folder / name), str(known), str(count)]
        reader = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert reader.stdout is not None
        try:
            reader.stdout.readline()
            saved = 0
            while reader.poll() is None:
                saved += _tried(connection.request(name, next(coming), shared=True), connection)
            done, torn = reader.stdout.read().split()
        finally:
            reader.kill()
            reader.wait()
            reader.stdout.close()
    assert saved, f"nothing was saved beside the reader of {name}"
    return f"{torn} of {done}"


def _tried(request: bytes, connection: Connection) -> bool:
    try:
        connection.save(request)
    except Refused:  # a reader has the file open: nothing was written
        return False
    return True
