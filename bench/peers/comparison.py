"""confkeep's library beside what people save files with today: ``measure`` for the report, ``run`` for the budgets.

Method: a journaled ext4 with direct I/O (bench/disk.py), writers in turn, and a twin of the floor as the error bar;
only rounds count in which the twin read the same (steady.py). What each writer flushes is checked with strace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bench import disk
from bench.budget import Budget
from bench.budget import table as printed
from bench.peers import folders, kept, machine, saves, torn
from bench.peers.writers import KEEPER_BOUND, SAVE, TWIN
from bench.report import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.peers.table import Table

#: By the default of 20 rounds, a million of ours and more.
_READS_A_ROUND: Final = 12_500
_OURS: Final = "confkeep"


def measure(rounds: int, directory: str | None) -> list[Table]:
    """All tables; ``rounds`` of each, and as many reads as that says."""
    with disk.journaled(directory) as place:
        here = machine.measure(place.what)
        on_disk = saves.compare(place, rounds, list(saves.SIZES))
    with disk.journaled(directory) as place:
        others = [kept.measure(place), *folders.measure(place, rounds)]
    with disk.in_memory() as place:
        in_memory = saves.compare(place, rounds, [16])
    return [here, *on_disk, *in_memory, *others, torn.measure(rounds * _READS_A_ROUND, directory)]


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Print the tables; what ``budgets`` says of them."""
    tables = measure(rounds, directory)
    for one in tables:
        print(f"\n{one.note}")
        printed(one.title, ["", *one.head], [[row.name, *map(shown, row.cells)] for row in one.rows])
    return budgets(tables)


def budgets(tables: Sequence[Table]) -> list[Budget]:
    """Those of 16 KB, and that nobody has read a torn file of ours."""
    by_name = {one.name: one for one in tables}
    saved, read, folder = by_name["saves-16"], by_name["torn"], by_name["folders-1000"]
    ours = [row.name for row in read.rows if row.name.startswith(_OURS)]
    wall, processor = "/ floor", "CPU / floor, in a row"
    return [
        _of(saved, SAVE, wall, 1.05),
        _of(saved, SAVE, processor, 1.4),
        _of(saved, KEEPER_BOUND, wall, 0.9),
        _of(folder, folders.OURS, wall, 1.3),
        Budget("torn or empty reads, confkeep", sum(read.number(name, torn.TORN) for name in ours), 0),
    ]


def _of(table: Table, name: str, column: str, most: float) -> Budget:
    return Budget(f"{name} {column}", table.number(name, column), most, table.number(TWIN, column))
