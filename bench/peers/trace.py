"""What a writer really asks the kernel for: its system calls and the order of its flushes, seen by strace.

In the trace a save lies between two looks at the processor's clock: Python and C ask for that of their thread, Node
for its usage.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.peers.lane import running

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAVES: Final = 20
_WARM: Final = 3
_SIZE: Final = 16 << 10
_CALL: Final = re.compile(r"^\d+ +(\w+)\((.*)")
_MARK: Final = re.compile(r"^\d+ +(clock_gettime\(CLOCK_THREAD_CPUTIME_ID|getrusage\(RUSAGE_SELF)")
_FLUSHES: Final = {"fsync", "fdatasync"}
_OF_A_DESCRIPTOR: Final = re.compile(r"\d+<([^>]*)>")


@dataclass(frozen=True)
class Traced:
    """System calls a save, and what most saves flush before and after the rename, where there is one."""

    calls: float
    before: tuple[str, ...]
    renamed: bool
    after: tuple[str, ...]

    def is_as_said(self, flushes: tuple[str, ...]) -> bool:
        """Whether a writer's ``flushes`` are these; what it flushes beside each other has no order."""
        if not self.renamed:
            return "rename" not in flushes and set(flushes) == set(self.before)
        at = flushes.index("rename") if "rename" in flushes else len(flushes)
        return set(flushes[:at]) == set(self.before) and set(flushes[at + 1 :]) == set(self.after)

    def words(self, flushes: tuple[str, ...]) -> str:
        """The same with numbers: ``9 journal, file``."""
        counts = Counter(self.before + self.after)
        return ", ".join(f"{counts[kind]} {kind}" if counts[kind] > 1 else kind for kind in flushes) or "none"


def traced(name: str, path: Path, state: Path) -> Traced | None:
    """Trace some saves at ``path``; None where strace is missing or may not trace. Raises Missing, Failed."""
    if shutil.which("strace") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        # Memory and the waiting of threads for each other are the interpreter's own affair.
        tracer = ("strace", "-f", "-y", "-s", "0", "-e", "trace=!%memory,futex", "-e", "signal=none", "-o", str(log))
        with running(name, state, tracer) as lane:
            for number in range(_WARM + _SAVES):
                lane.save(path, _SIZE, number)
        saves = list(_saves(log.read_text("utf-8", "replace").splitlines()))
    assert len(saves) == _WARM + _SAVES, f"{name}: {len(saves)} saves in the trace"
    flushes = Counter(_flushes(calls, path, state) for calls in saves[_WARM:])
    return Traced(sum(map(len, saves[_WARM:])) / _SAVES, *flushes.most_common(1)[0][0])


def _saves(lines: list[str]) -> Iterator[list[tuple[str, str]]]:
    """Name and arguments of the calls of each save."""
    calls: list[tuple[str, str]] | None = None
    for line in lines:
        if _MARK.match(line):
            if calls is not None:
                yield calls
            calls = [] if calls is None else None
        elif calls is not None and (call := _CALL.match(line)):
            calls.append((call[1], call[2]))


def _flushes(calls: list[tuple[str, str]], path: Path, state: Path) -> tuple[tuple[str, ...], bool, tuple[str, ...]]:
    before: list[str] = []
    after: list[str] = []
    renamed = False
    for name, arguments in calls:
        if name.startswith("rename") and path.name in arguments:
            renamed = True
        elif name in _FLUSHES and (opened := _OF_A_DESCRIPTOR.match(arguments)):
            (after if renamed else before).append(_kind(Path(opened[1]), path, state))
    return tuple(sorted(before)), renamed, tuple(sorted(after))


def _kind(flushed: Path, path: Path, state: Path) -> str:
    if flushed == path.parent:
        return "directory"
    return "journal" if flushed == state.parent or flushed.is_relative_to(state) else "file"
