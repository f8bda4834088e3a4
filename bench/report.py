"""The tables of docs/performance.md and its picture, made of what the benches have measured (bench/peers/table.py).

``python -m bench.report DATA.json ...`` writes both. The text around the tables is written by people: a table takes
the place of what stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. Data to text is a pure function.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bench.chart import picture
from bench.peers.table import Cell, Table, from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

_DOCS: Final = Path(__file__).parents[1] / "docs"
_SECTION: Final = re.compile(r"(<!-- begin ([\w-]+) -->\n).*?(<!-- end \2 -->\n)", re.DOTALL)


class Unplaced(Exception):
    """A table without a place, or a place without a table: the document would tell less than was measured."""


def markdown(table: Table) -> str:
    """The table in Markdown (GitHub Flavored Markdown, 4.10), then its note."""
    numbers = [all(_is_number(row.cells[at]) for row in table.rows) for at in range(len(table.head))]
    lines = [
        _line(["", *table.head]),
        _line(["---", *("---:" if right else "---" for right in numbers)]),
        *(_line([row.name, *map(shown, row.cells)]) for row in table.rows),
    ]
    return "\n".join([*lines, "", table.note, ""])


def shown(cell: Cell) -> str:
    """A cell as text: numbers with three digits or all before the point."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) or abs(cell) >= 100:
        return f"{cell:,.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"


def placed(document: str, tables: Sequence[Table]) -> str:
    """``document`` with each table in its place. Raises Unplaced."""
    by_name = {table.name: table for table in tables}
    places = [found[2] for found in _SECTION.finditer(document)]
    if without := sorted(by_name.keys() - set(places)):
        raise Unplaced(f"no place for {', '.join(without)}: write <!-- begin NAME -->, <!-- end NAME --> below")
    if empty := sorted(set(places) - by_name.keys()):
        raise Unplaced(f"no table for the place of {', '.join(empty)}: measure it, or take the place out")
    return _SECTION.sub(lambda found: f"{found[1]}\n{markdown(by_name[found[2]])}\n{found[3]}", document)


def _is_number(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def main() -> None:
    """Write the document and the picture."""
    parser = argparse.ArgumentParser(prog="bench.report", description="docs/performance.md and .svg of the data")
    parser.add_argument("data", nargs="+", type=Path, metavar="DATA.json")
    parser.add_argument("--picture", default="saves-16", metavar="TABLE", help="drawn (default: %(default)s)")
    options = parser.parse_args()
    tables = [table for path in options.data for table in from_json(path.read_text("utf-8"))]
    drawn = next((table for table in tables if table.name == options.picture), None)
    if drawn is None:
        parser.error(f"there is no table {options.picture}; there are {', '.join(table.name for table in tables)}")
    document = _DOCS / "performance.md"
    document.write_text(placed(document.read_text("utf-8"), tables), "utf-8")
    document.with_suffix(".svg").write_text(picture(drawn), "utf-8")


if __name__ == "__main__":
    main()
