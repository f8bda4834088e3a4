"""What saves.py has measured, as tables."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from bench.peers.programs import PROGRAMS
from bench.peers.steady import Kept, p99
from bench.peers.table import Cell, Row, Table
from bench.peers.writers import FLOOR, TWIN

if TYPE_CHECKING:
    from bench.peers.trace import Traced

#: What disk.in_memory says.
IN_MEMORY: Final = "tmpfs"
_HEAD: Final = (
    "durability",
    "flushes",
    "p50, us",
    "p99, us",
    "/ floor",
    "range",
    "CPU, us",
    "CPU / floor",
    "CPU / floor, in a row",
    "flush commands",
    "system calls",
)
_SAID: Final = "Saves in a row, and all counts, are of 16 KB."


@dataclass(frozen=True)
class Counted:
    """Of saves of 16 KB in a row. ``commands``: what the disk was told, with the filesystem's own part."""

    seen: Traced | None
    commands: float | None
    processor: float


def table(where: str, size: int, kept: Kept, counted: dict[str, Counted], missing: dict[str, str]) -> Table:
    """Of saves of ``size`` KB; what was counted is of 16 KB."""
    memory = where == IN_MEMORY
    return Table(
        name=f"saves-{size}" + ("-memory" if memory else ""),
        title=f"A save of {size} KB" + (" in memory" if memory else ""),
        note=f"On {where}. {kept.what}; {len(kept.all(FLOOR, 'wall'))} saves of each. {_SAID}",
        head=_HEAD,
        rows=(*_rows(kept, counted), *_without(missing)),
        bars="/ floor",
        band=kept.band(TWIN, "wall"),
    )


def _rows(kept: Kept, counted: dict[str, Counted]) -> list[Row]:
    rows: list[Row] = []
    for name, counts in counted.items():
        ratio = counts.processor / counted[FLOOR].processor
        calls = counts.seen.calls if counts.seen else None
        rows.append(Row(name, (*_cells(name, kept, counts.seen), ratio, counts.commands, calls)))
    return rows


def _without(missing: dict[str, str]) -> list[Row]:
    """Those that are not installed."""
    return [Row(name, (why, *[None] * (len(_HEAD) - 1))) for name, why in missing.items()]


def _cells(name: str, kept: Kept, seen: Traced | None) -> tuple[Cell, ...]:
    wall, processor = kept.all(name, "wall"), kept.all(name, "processor")
    least, most = kept.band(name, "wall")
    flushes = PROGRAMS[name].flushes
    return (
        "equal" if is_durable(flushes) else "less",
        seen.words(flushes) if seen else f"{', '.join(flushes) or 'none'} (not traced)",
        median(wall) * 1e6,
        p99(wall) * 1e6,
        kept.ratio(name, "wall"),
        f"{least:.2f}-{most:.2f}",
        median(processor) * 1e6,
        kept.ratio(name, "processor"),
    )


def is_durable(flushes: tuple[str, ...]) -> bool:
    """Whether a save that was answered survives a power cut, and an old content one that was not.

    By the order of its flushes: the new file before its name, the name afterwards; in place, a journal first.
    """
    return (flushes[-2:] == ("rename", "directory") and "file" in flushes) or flushes == ("journal", "file")
