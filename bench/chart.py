"""A table's ratios to the floor as a picture: horizontal bars, the floor as a line, and the twin's band around it.

A bar that ends within the band cannot be told from the floor. Pure text: SVG 1.1, with nothing but the system's fonts.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bench.peers.table import Row, Table

_LABELS: Final = 270
_BARS: Final = 430
_VALUES: Final = 60
_ROW: Final = 22
_TOP: Final = 44
_BOTTOM: Final = 58
_OURS: Final = "confkeep"
_STYLE: Final = """<style>
text { font: 13px sans-serif; fill: #222 }
.title { font-weight: bold; font-size: 15px }
.small { font-size: 11px; fill: #555 }
.ours { fill: #1f6fb5 } .equal { fill: #8a8f98 } .less { fill: #d9dbdf }
.band { fill: #f2b84b; opacity: 0.55 } .floor { stroke: #b06f00; stroke-width: 1 }
</style>"""
_LEGEND: Final = (
    ("ours", "confkeep"),
    ("equal", "others, as durable as the floor"),
    ("less", "flushes less than the floor"),
    ("band", "the floor's twin: error bar"),
)


def picture(table: Table) -> str:
    """An SVG document. ``table`` has ``bars`` and ``band``; rows without a number there are left out."""
    if table.bars is None or table.band is None:
        raise ValueError(f"{table.name} has nothing to draw: bars={table.bars}, band={table.band}")
    at = table.head.index(table.bars)
    rows = [(row, float(ratio)) for row in table.rows if isinstance(ratio := row.cells[at], int | float)]
    scale = _BARS / max(1.0, table.band[1], *(ratio for _, ratio in rows))
    height, width = _TOP + _ROW * len(rows) + _BOTTOM, _LABELS + _BARS + _VALUES
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"',
            f' width="{width}" height="{height}" aria-label="{escape(table.title)}: {escape(table.bars)}">',
            _STYLE,
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            f'<text class="title" x="10" y="24">{escape(table.title)}: times the floor, shorter is faster</text>',
            *(_bar(n, _kind(table, row), ratio * scale) for n, (row, ratio) in enumerate(rows)),
            *_reference(table.band, scale, _ROW * len(rows)),
            *(_words(n, row.name, ratio, scale) for n, (row, ratio) in enumerate(rows)),
            *_legend(height - 30),
            "</svg>",
            "",
        ]
    )


def _kind(table: Table, row: Row) -> str:
    if row.name.startswith(_OURS):
        return "ours"
    durable = "durability" not in table.head or row.cells[table.head.index("durability")] != "less"
    return "equal" if durable else "less"


def _bar(number: int, kind: str, length: float) -> str:
    y = _TOP + _ROW * number + 3
    return f'<rect class="{kind}" x="{_LABELS}" y="{y}" width="{length:.1f}" height="{_ROW - 6}"/>'


def _words(number: int, name: str, ratio: float, scale: float) -> str:
    y = _TOP + _ROW * number + 15
    return (
        f'<text x="{_LABELS - 8}" y="{y}" text-anchor="end">{escape(name)}</text>'
        f'<text x="{_LABELS + ratio * scale + 5:.1f}" y="{y}">{ratio:.2f}</text>'
    )


def _reference(band: tuple[float, float], scale: float, height: int) -> list[str]:
    """The floor, and how far the twin was from it."""
    least, most = (_LABELS + edge * scale for edge in band)
    floor = _LABELS + scale
    return [
        f'<rect class="band" x="{least:.1f}" y="{_TOP}" width="{max(most - least, 1):.1f}" height="{height}"/>',
        f'<line class="floor" x1="{floor:.1f}" y1="{_TOP}" x2="{floor:.1f}" y2="{_TOP + height}"/>',
    ]


def _legend(y: int) -> list[str]:
    step = (_LABELS + _BARS + _VALUES) // len(_LEGEND)
    return [
        f'<rect class="{kind}" x="{10 + n * step}" y="{y}" width="12" height="12"/>'
        f'<text class="small" x="{27 + n * step}" y="{y + 10}">{escape(what)}</text>'
        for n, (kind, what) in enumerate(_LEGEND)
    ]
