"""A process with all its children, as proc(5) tells: who they are, their processor time, their memory."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def pids(pid: int) -> list[int]:
    """The process and its descendants: the fourth field of ``/proc/PID/stat`` is the parent's number."""
    parents = _parents()
    found = [pid]
    for parent in found:  # grows on the way
        found += [child for child, of in parents.items() if of == parent]
    return found


def processor_seconds(processes: Iterable[int]) -> float:
    """On a processor so far, all threads, ended ones too: a process has a clock (clock_getcpuclockid(3))."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in processes)


def resident_bytes(processes: Iterable[int]) -> int:
    """The sum of their VmRSS: pages that several share count for each."""
    kilobytes = 0
    for pid in processes:
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmRSS:"):
                kilobytes += int(line.split()[1])
    return kilobytes << 10


def _parents() -> dict[int, int]:
    found: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            stat = (process / "stat").read_text("utf-8", "replace")
            found[int(process.name)] = int(stat.rpartition(")")[2].split()[1])
    return found
