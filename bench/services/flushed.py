"""What a save through a service asks the kernel to flush and to rename, counted by strace."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.services.peer import Running

_FLUSHES: Final = ("fsync", "fdatasync", "syncfs", "sync_file_range", "sync")
_RENAMES: Final = ("rename", "renameat", "renameat2")
#: With -y a descriptor says what it is: ``fsync(7</srv/config>``; of a call that is interrupted, its first half counts.
_CALL: Final = re.compile(rf"\b({'|'.join(_FLUSHES + _RENAMES)})\((?:\d+<([^>]*)>)?")
_SETTLED: Final = 1.5
_OFTEN: Final = 0.9


def counted(running: Running, save: Callable[[], None], count: int) -> dict[str, float] | None:
    """Calls a save, as "fsync file": 1.0; None where strace is missing or may not attach."""
    pids = running.pids()
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = ["strace", "-f", "-y", "-e", f"trace={','.join(_FLUSHES + _RENAMES)}", "-e", "signal=none"]
        attach = [word for pid in pids for word in ("-p", str(pid))]
        tracer = subprocess.Popen([*command, "-o", str(log), *attach], stderr=subprocess.PIPE, text=True)
        assert tracer.stderr is not None
        attached = all("attached" in tracer.stderr.readline() for _ in pids)
        if attached:
            for _ in range(count):
                save()
            time.sleep(_SETTLED)  # what follows the last one
        tracer.send_signal(signal.SIGINT)
        tracer.communicate()
        found = _CALL.finditer(log.read_text("utf-8"))
        calls = Counter(_said(call[1], call[2] or "", os.fspath(running.folder)) for call in found)
    return {call: number / count for call, number in sorted(calls.items())} if attached else None


def flushed(calls: dict[str, float]) -> frozenset[str]:
    """What each save flushes."""
    often = [call.partition(" ") for call, number in calls.items() if number >= _OFTEN]
    return frozenset(what for call, _, what in often if call in _FLUSHES)


def _said(call: str, path: str, folder: str) -> str:
    if call in _RENAMES:
        return "rename"
    if path == folder:
        return f"{call} directory"
    return f"{call} file" if path.startswith(folder + "/") else f"{call} store"
