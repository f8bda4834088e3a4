"""Reads that see an empty, short or mixed file while each writer saves: two readers in processes of their own.

The same readers, contents (1-256 KB) and filesystem for all; each writer saves as fast as it can. The filesystem lies
in memory: flushes are over at once, so that there are more saves to be seen half done.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import filesystems
from bench.contents import contents
from bench.peers.lane import Failed, Lane, available, running
from bench.peers.places import folders
from bench.peers.programs import PROGRAMS
from bench.peers.table import Row, Table

if TYPE_CHECKING:
    from collections.abc import Generator

_READERS: Final = 2
_FILESYSTEM: Final = "ext4"
TORN: Final = "torn or empty"


def measure(reads: int, directory: str | None) -> Table:
    """At least ``reads`` reads of each writer's file."""
    with filesystems.mounted(directory) as places:
        what = _FILESYSTEM if _FILESYSTEM in places else next(iter(places))
        below = places[what] / "torn"
        below.mkdir()
        found, missing = available(list(PROGRAMS), below / "state")
        with folders(below, 1, found) as (folder,):
            rows: list[Row] = []
            for at, name in enumerate(found):
                with running(name, below / "state" / str(at)) as lane:
                    rows.append(_row(lane, folder.path(name), reads))
    rows += [Row(name, (None, None, None, None, why)) for name, why in missing.items()]
    note = f"{_READERS} readers, each with the file open half of the time. Filesystem: {what}."
    head = ("reads", TORN, "share, %", "saves", "failed")
    return Table("torn", "Reads during saves of 1-256 KB", note, head, tuple(rows))


def _row(lane: Lane, path: Path, reads: int) -> Row:
    coming = cycle(enumerate(contents()))
    number, first = next(coming)
    path.write_bytes(first)
    saves = failed = 0
    with _readers(path, -(-reads // _READERS)) as readers:
        while any(reader.poll() is None for reader in readers):
            number, data = next(coming)
            try:
                lane.save(path, len(data), number)
                saves += 1
            except Failed:
                failed += 1
        said = [[int(word) for word in reader.communicate()[0].split()] for reader in readers]
    seen, bad = sum(one[0] for one in said), sum(one[1] + one[2] for one in said)
    assert saves, f"{lane.name} has saved nothing"
    return Row(lane.name, (seen, bad, 100 * bad / seen, saves, failed))


@contextmanager
def _readers(path: Path, reads: int) -> Generator[list[subprocess.Popen[bytes]]]:
    """Readers that begin together."""
    command = [sys.executable, "-m", "bench.reader", str(path), str(reads)]
    here, pipe = Path(__file__).parents[2], subprocess.PIPE
    made = [subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=here) for _ in range(_READERS)]
    try:
        for reader in made:
            assert reader.stdin is not None
            reader.stdin.write(b"\n")
            reader.stdin.flush()
        yield made
    finally:
        for reader in made:
            reader.kill()
            reader.communicate()
