"""The flushes a daemon asks the kernel for, counted by strace."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.lanes import Lane

_CALL = re.compile(r"\b(fsync|fdatasync|syncfs|sync_file_range|sync)\(")
_SETTLED = 1.5


def asked(pid: int, lanes: dict[str, Lane], count: int) -> dict[str, dict[str, float]] | None:
    """Calls a save of each lane, by name; None where strace is missing or may not attach."""
    if shutil.which("strace") is None:
        return None
    found: dict[str, dict[str, float]] = {}
    for name, lane in lanes.items():
        calls = _traced(pid, lane, count)
        if calls is None:
            return None
        found[name] = {call: number / count for call, number in sorted(calls.items())}
    return found


def _traced(pid: int, lane: Lane, count: int) -> Counter[str] | None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        traced = "trace=fsync,fdatasync,syncfs,sync_file_range,sync"
        tracer = subprocess.Popen(
            ["strace", "-f", "-e", traced, "-e", "signal=none", "-o", str(log), "-p", str(pid)],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert tracer.stderr is not None
        if "attached" not in tracer.stderr.readline():
            tracer.wait()
            return None
        for _ in range(count):
            lane()
        time.sleep(_SETTLED)  # the settle that follows the last one
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        return Counter(_CALL.findall(log.read_text("ascii", "replace")))
