"""What a save keeps, by writer: the answers of keeps.py as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.peers.keeps import TRIALS, Files, tried
from bench.peers.lane import available, running
from bench.peers.places import folders
from bench.peers.programs import PROGRAMS
from bench.peers.table import Row, Table
from bench.peers.writers import SAVE_BOUND, TWIN

if TYPE_CHECKING:
    from bench.disk import Disk


def measure(place: Disk) -> Table:
    """Each trial of each writer; those that differ only in the file they are meant for are tried once."""
    below = place.directory / "kept"
    below.mkdir()
    names = [name for name, program in PROGRAMS.items() if not program.bound and name != TWIN]
    found, missing = available(names, below / "state")
    rows: list[Row] = []
    with folders(below, 1, [SAVE_BOUND]) as (folder,):
        files = Files(folder.directory / "a.conf", folder.path(SAVE_BOUND))
        for at, name in enumerate(found):
            with running(name, below / "state" / str(at)) as lane:
                rows.append(Row(f"{name} {lane.version}".strip(), tuple(tried(lane, files).values())))
    rows += [Row(name, (why, *[None] * (len(TRIALS) - 1))) for name, why in missing.items()]
    note = "Found out by trying, on a journaled ext4" if place.device else "Found out by trying"
    return Table("kept", "What a save keeps", f"{note}; the same trials for all.", tuple(TRIALS), tuple(rows))
