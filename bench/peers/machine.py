"""Where it was measured: a number without its machine says nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path

from bench.peers.table import Cell, Row, Table


def measure(where: str) -> Table:
    """``where``: the disk, as bench/disk.py describes it."""
    known: dict[str, Cell] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "disk": where,
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "root": os.geteuid() == 0,
    }
    rows = tuple(Row(name, (cell,)) for name, cell in known.items())
    return Table("machine", "The machine", "All ratios are of one run on it.", ("",), rows)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()  # ARM names none
