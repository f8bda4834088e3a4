"""What a comparison found, as data: bench/report.py makes docs/performance.md of it, and JSON keeps it in between."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A number in the unit that the column's head names, a word, yes or no, or nothing: it was not to be had.
Cell = float | str | bool | None


@dataclass(frozen=True)
class Row:
    """One that is compared, and a cell for each column."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """``name``: one word that no other table has. ``note``: what is compared with what, and why that is fair.

    ``bars``: the head of the column of ratios to the floor that is drawn; None: no picture. ``band``: the least and
    the most that the floor's twin read, which is the error bar of those ratios.
    """

    name: str
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    bars: str | None = None
    band: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """A table with a cell too few would be shown in the wrong columns."""
        for row in self.rows:
            assert len(row.cells) == len(self.head), f"{self.name}: {row.name} has {len(row.cells)} cells"
        assert self.bars is None or self.bars in self.head, f"{self.name} has no column {self.bars}"

    def number(self, name: str, column: str) -> float:
        """The cell of the row ``name``; not a number where that has none."""
        cell = next(row for row in self.rows if row.name == name).cells[self.head.index(column)]
        return float(cell) if isinstance(cell, int | float) else math.nan


def to_json(tables: Iterable[Table]) -> str:
    """The tables as a JSON document."""
    return json.dumps([asdict(table) for table in tables], indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> list[Table]:
    """The tables of ``to_json``."""
    return [_table(members) for members in json.loads(text)]


def _table(members: dict[str, Any]) -> Table:
    rows = tuple(Row(row["name"], tuple(row["cells"])) for row in members.pop("rows"))
    head, band = tuple(members.pop("head")), members.pop("band")
    return Table(**members, head=head, rows=rows, band=None if band is None else (band[0], band[1]))
