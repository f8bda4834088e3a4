"""Reads that see an empty, short or mixed file while it is saved: both routes, and a plain ``open("w")`` beside them.

The last shows that these readers do see torn files. What is saved in place without a lease could be torn as well, so
the saves here are refused where there is none to be had, and each refused save left the file alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench import filesystems
from bench.budget import Budget, table
from bench.contents import contents
from confkeep.errors import TargetBusy
from confkeep.etag import version_of
from confkeep.files.overwrite import overwrite
from confkeep.files.place import resolve
from confkeep.files.read import read, read_whole
from confkeep.files.replace import stage
from confkeep.files.root import OnBusy, Root, RoutePolicy
from confkeep.files.route import Route
from confkeep.files.target import look

if TYPE_CHECKING:
    from collections.abc import Generator

_READERS: Final = 2
#: Reads a round of all filesystems together: by the default of 20 rounds, a million under leases.
_READS_A_ROUND: Final = {Route.OVERWRITE: 50_000, Route.REPLACE: 20_000, None: 5_000}
_NAMES: Final = {Route.OVERWRITE: "overwrite", Route.REPLACE: "replace", None: 'open("w")'}

#: One save; whether no reader can have seen it half done.
Save = Callable[[bytes], bool]


@dataclass
class Tally:
    """What readers saw, and how the saves ended."""

    reads: int = 0
    torn: int = 0
    empty: int = 0
    saves: int = 0
    refused: int = 0
    unguarded: int = 0

    @property
    def bad(self) -> int:
        """Reads of a file that was neither the old nor the new one."""
        return self.torn + self.empty


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Each lane on each filesystem."""
    tallies: dict[Route | None, list[Tally]] = {lane: [] for lane in _NAMES}
    rows: list[list[str]] = []
    with filesystems.mounted(directory) as places:
        for name, place in places.items():
            for lane, found in tallies.items():
                tally = _lane(lane, place, -(-rounds * _READS_A_ROUND[lane] // (_READERS * len(places))))
                found.append(tally)
                rows.append([f"{name}, {_NAMES[lane]}", *_cells(tally, ours=lane is not None)])
                assert lane is not None or tally.bad, f"{name}: the readers saw nothing torn where all is torn"
    head = ["", "reads", "torn", "empty", "saves", "refused", "not reader-atomic"]
    table(f"{_READERS} readers, each with the file open half of the time, during saves of 1-256 KB", head, rows)
    return _budgets(tallies, rounds)


def _cells(tally: Tally, *, ours: bool) -> list[str]:
    seen = (tally.reads, tally.torn, tally.empty, tally.saves)
    told = (tally.refused, tally.unguarded) if ours else ("-", "-")
    return [str(cell) for cell in (*seen, *told)]


def _budgets(tallies: dict[Route | None, list[Tally]], rounds: int) -> list[Budget]:
    wanted = rounds * _READS_A_ROUND[Route.OVERWRITE]
    reads = sum(tally.reads for tally in tallies[Route.OVERWRITE])
    ours = {route: tallies[route] for route in Route}
    return [
        *(Budget(f"torn or empty reads: {route}", sum(one.bad for one in ours[route]), 0) for route in Route),
        Budget(f"leased reads missing of {wanted:,}", max(0, wanted - reads), 0),
        Budget("saves not reader-atomic", sum(one.unguarded for route in Route for one in ours[route]), 0),
    ]


def _lane(lane: Route | None, place: Path, reads: int) -> Tally:
    """Save one content after the other until every reader has read so often."""
    path = place / "torn.conf"
    coming = cycle(contents())
    last = next(coming)
    path.write_bytes(last)
    save = _plain(path) if lane is None else _ours(lane, path)
    tally = Tally()
    with _readers(path, reads) as running:
        while any(reader.poll() is None for reader in running):
            data = next(coming)
            try:
                atomic = save(data)
            except TargetBusy:
                tally.refused += 1
                assert path.read_bytes() == last, "a refused save has written"
                continue
            last = data
            tally.saves += 1
            tally.unguarded += not atomic
        for reader in running:
            said = [int(word) for word in reader.communicate()[0].split()]
            assert reader.returncode == 0, f"a reader ended with {reader.returncode}"
            tally.reads += said[0]
            tally.torn += said[1]
            tally.empty += said[2]
    assert tally.saves > tally.refused, f"{place.name}: {tally.refused} saves refused, {tally.saves} done"
    assert path.read_bytes() == last
    return tally


@contextmanager
def _readers(path: Path, reads: int) -> Generator[list[subprocess.Popen[bytes]]]:
    """Readers in processes of their own, that begin together."""
    command = [sys.executable, "-m", "bench.reader", str(path.resolve()), str(reads)]
    here = Path(__file__).parents[1]
    running: list[subprocess.Popen[bytes]] = []
    try:
        while len(running) < _READERS:
            running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=here))
        for reader in running:
            assert reader.stdin is not None
            reader.stdin.write(b"\n")
            reader.stdin.flush()
        yield running
    finally:
        for reader in running:
            reader.kill()
            reader.communicate()


def _plain(path: Path) -> Save:
    """What most programs do."""

    def save(data: bytes) -> bool:
        with path.open("w", encoding="ascii") as file:
            file.write(data.decode("ascii"))
        return False

    return save


def _ours(route: Route, path: Path) -> Save:
    """The files room alone, without history and journal: they do not touch the file."""
    root = Root("bench", os.fspath(path.parent))
    policy = RoutePolicy.OVERWRITE if route is Route.OVERWRITE else RoutePolicy.AUTO

    def save(data: bytes) -> bool:
        with resolve(root, path.name) as place, look(place, policy) as target:
            assert target.choice is not None, target.refusal
            assert target.choice.name is route, target.choice
            if route is Route.OVERWRITE:
                return overwrite(target, read(target), data, on_busy=OnBusy.REFUSE).reader_atomic
            whole = read_whole(target)
            assert whole is not None
            return stage(target, version_of(data), whole).publish().reader_atomic

    return save
