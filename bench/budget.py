"""What is printed: tables, and one verdict a budget."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Budget:
    """``twin`` is the error bar: what the same measurement reads for two equal things, where that was taken."""

    what: str
    measured: float
    most: float
    twin: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the budget is kept."""
        return self.measured <= self.most

    def line(self) -> str:
        """The verdict."""
        noise = "" if self.twin is None else f"   (twin of the floor {self.twin:.3f})"
        return f"{'PASS' if self.kept else 'OVER'}  {self.what:<58} {self.measured:6.2f}   budget {self.most:g}{noise}"


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print ``rows``: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"\n{title}")
    for row in (head, *rows):
        cells = [
            cell.ljust(width) if n == 0 else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  " + "  ".join(cells))


def p95(samples: Sequence[float]) -> float:
    """The value that one in twenty is above."""
    return quantiles(samples, n=20)[-1]


def micro(seconds: float) -> str:
    """Microseconds."""
    return f"{seconds * 1e6:.0f}"


def milli(seconds: float) -> str:
    """Milliseconds."""
    return f"{seconds * 1e3:.1f}"


def spread(ratios: Sequence[float]) -> str:
    """Smallest and largest ratio."""
    return f"{min(ratios):.2f}-{max(ratios):.2f}" if ratios else "-"
