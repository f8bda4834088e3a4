"""What is looked up for each scrape: the history, what the start had to repair, and this process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from confkeep import __version__
from confkeep.daemon.exposition import Reading
from confkeep.errors import ConfkeepError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.daemon.exposition import Labels
    from confkeep.daemon.service import Service
    from confkeep.history.store import Store

#: Fields of /proc/self/stat after the name in brackets, which may hold spaces (proc_pid_stat(5)): the 22nd of all.
_STARTTIME: Final = 22 - 3


def readings(service: Service) -> Iterator[Reading]:
    """All of them. It touches files: not on the event loop."""
    yield from _history(service.keeper.store)
    yield from _recovery(service)
    yield from _process()


def _history(store: Store) -> Iterator[Reading]:
    counts = _counts(store)
    about = {
        "revisions": "Revisions of all files in the history.",
        "files": "Files that the history knows.",
        "open_intents": "Saves that are promised and not settled; one that has ended is closed within a second.",
    }
    yield _one(
        "confkeep_history_readable", "1 if the history could be read for this scrape, else 0.", int(bool(counts))
    )
    for name, text in about.items():
        yield Reading(f"confkeep_history_{name}", text, {(): counts[name]} if counts else {})
    path = os.fspath(store.path)
    sizes: dict[Labels, float] = {("database",): _size(path), ("log",): _size(f"{path}-wal")}
    yield Reading("confkeep_history_size_bytes", "Bytes of the history's files on the disk.", sizes, ("file",))


def _counts(store: Store) -> dict[str, int]:
    """On a connection of its own: no save waits. count(*) reads an index: 2.5 ms for 100,000 revisions."""
    try:
        with store.apart() as connection:
            row = connection.execute(
                "SELECT (SELECT count(*) FROM revisions), (SELECT count(*) FROM files), (SELECT count(*) FROM intents)"
            ).fetchone()
    except ConfkeepError:
        return {}
    return dict(zip(("revisions", "files", "open_intents"), row, strict=True))


def _one(name: str, about: str, value: float) -> Reading:
    return Reading(name, about, {(): value})


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0  # there is no log before the first save


def _recovery(service: Service) -> Iterator[Reading]:
    yield Reading(
        "confkeep_recovery_repaired_total",
        "Saves that a crash had left open and that the start of this daemon settled.",
        {(): sum(item.settled for item in service.recovered)},
        kind="counter",
    )
    yield Reading(
        "confkeep_recovery_unsettled",
        "Files that a crash left half written and that could not be repaired yet; see /readyz.",
        _unsettled(service),
    )


def _unsettled(service: Service) -> dict[Labels, float]:
    """Only the history knows whether somebody has repaired it since."""
    try:
        return {(): len(service.unsettled())}
    except ConfkeepError:
        return {}


def _process() -> Iterator[Reading]:
    """The last two by the names that all Prometheus clients give them."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    yield Reading("confkeep_build_info", "Which confkeep this is.", {(__version__, python): 1}, ("version", "python"))
    yield _one("process_start_time_seconds", "Start time of the process since the epoch.", _started())
    yield _one("process_resident_memory_bytes", "Resident memory of the process.", _resident())


def _started() -> float:
    """proc_stat(5): btime is when the machine booted; a process counts clock ticks from there."""
    with open("/proc/stat", encoding="ascii") as file:
        boot = next(int(line.split()[1]) for line in file if line.startswith("btime "))
    with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return boot + int(fields[_STARTTIME]) / os.sysconf("SC_CLK_TCK")


def _resident() -> int:
    """proc_pid_statm(5): the second number, in pages."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
