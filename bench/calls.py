"""The system calls of one save, counted by strace. ``python -m bench.calls LANE DIRECTORY`` is what it traces.

So is another program that takes the same arguments and repeats a lane of its own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from bench import document, replacing

_SAVES: Final = 100
_WARM: Final = 3
#: Memory is the interpreter's own affair, and what it asks for depends on what it did before.
_TRACED: Final = "trace=!%memory"
_CALL: Final = re.compile(r"^(\w+)\((.*)")
#: The same call by the names it has on other machines (no RENAME_ flag: see _named).
_OTHER_NAMES: Final = {
    "newfstatat": "fstat",
    "fstatat64": "fstat",
    "fstat64": "fstat",
    "stat": "fstat",
    "renameat": "rename",
    "readlinkat": "readlink",
    "faccessat": "access",
    "faccessat2": "access",
    "fstatfs64": "fstatfs",
    "_llseek": "lseek",
}
_MARK: Final = "CLOCK_THREAD_CPUTIME_ID"


def counted(lane: str, directory: Path, program: str = "bench.calls") -> dict[str, float] | None:
    """Calls a save by name; None where strace is missing or may not trace."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        command = ["strace", "-e", _TRACED, "-e", "signal=none", "-o", str(log)]
        traced = [sys.executable, "-m", program, lane, str(directory.resolve())]
        done = subprocess.run([*command, *traced], cwd=Path(__file__).parents[1], check=False, capture_output=True)
        if done.returncode:
            print(f"no calls counted: {done.stderr.decode('utf-8', 'replace').strip()}")
            return None
        return _between_marks(log.read_text("ascii", "replace").splitlines())


def _between_marks(lines: list[str]) -> dict[str, float]:
    """What was called in the measured part of a save: it begins and ends with a look at the thread's clock."""
    saves: list[Counter[str]] = []
    measured = False
    for line in lines:
        call = _CALL.match(line)
        if call is None:
            continue
        if call[1] == "clock_gettime":
            if call[2].startswith(_MARK):
                measured = not measured
                if measured:
                    saves.append(Counter())
        elif measured:
            saves[-1][_named(call[1], call[2])] += 1
    assert len(saves) == _WARM + _SAVES, f"{len(saves)} saves in the trace"
    return {name: count / _SAVES for name, count in sum(saves[_WARM:], Counter[str]()).items()}


def _named(name: str, arguments: str) -> str:
    if name == "renameat2" and "RENAME_" not in arguments:
        return "rename"  # riscv64 has no other
    return _OTHER_NAMES.get(name, name)


def repeat(lane: replacing.Lane, directory: str) -> None:
    """What is traced."""
    for _ in range(_WARM + _SAVES):
        lane(Path(directory), document.fresh())


if __name__ == "__main__":
    repeat(replacing.LANES[sys.argv[1]], sys.argv[2])
