"""What was measured becomes docs/performance.md's tables and its picture."""

from __future__ import annotations

import math
from xml.etree import ElementTree as ET

import pytest

from bench.chart import picture
from bench.peers.table import Cell, Row, Table, from_json, to_json
from bench.report import Unplaced, markdown, placed, shown

_SVG = "{http://www.w3.org/2000/svg}"
_TABLE = Table(
    name="saves-16",
    title="A save of 16 KB",
    note="Here.",
    head=("durability", "p50, us", "/ floor", "kept"),
    rows=(
        Row("floor", ("equal", 400.25, 1.0, False)),
        Row("a | b & c", ("less", 200.0, 0.5, None)),
        Row("confkeep.save", ("equal", 1800.0, 4.0, True)),
        Row("gone", ("not installed", None, None, None)),
    ),
    bars="/ floor",
    band=(0.98, 1.02),
)


def _picture() -> ET.Element:
    return ET.fromstring(picture(_TABLE))  # noqa: S314 - our own


def _widths() -> dict[str, list[float]]:
    """Bars by class, without the legend's."""
    found: dict[str, list[float]] = {}
    for rectangle in _picture().iter(f"{_SVG}rect"):
        if rectangle.get("height") != "12" and "class" in rectangle.attrib:
            found.setdefault(rectangle.attrib["class"], []).append(float(rectangle.attrib["width"]))
    return found


def test_json_keeps_a_table_as_it_is() -> None:
    """What is read again is what was written, tuples and all."""
    assert from_json(to_json([_TABLE])) == [_TABLE]


def test_a_table_with_a_cell_too_few_is_not_made() -> None:
    """It would be shown in the wrong columns."""
    with pytest.raises(AssertionError, match="x has 1 cells"):
        Table("t", "T", "", ("one", "two"), (Row("x", (1.0,)),))


def test_a_number_is_found_by_row_and_column() -> None:
    """What is no number is none, so that no budget is kept by it."""
    assert _TABLE.number("confkeep.save", "p50, us") == 1800
    assert math.isnan(_TABLE.number("gone", "/ floor"))


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        (True, "yes"),
        (False, "no"),
        ("word", "word"),
        (1000, "1,000"),
        (7, "7"),
        (0.0, "0.00"),
        (1.0, "1.00"),
        (37.04, "37.0"),
        (1234.5, "1,234"),
    ],
)
def test_cells_are_shown_as_people_write_them(cell: Cell, text: str) -> None:
    """No more digits than mean something."""
    assert shown(cell) == text


def test_a_table_in_markdown() -> None:
    """Numbers to the right, words to the left, a bar in a name escaped, the note below."""
    assert markdown(_TABLE).splitlines() == [
        "|  | durability | p50, us | / floor | kept |",
        "| --- | --- | ---: | ---: | --- |",
        "| floor | equal | 400 | 1.00 | no |",
        "| a \\| b & c | less | 200 | 0.50 | - |",
        "| confkeep.save | equal | 1,800 | 4.00 | yes |",
        "| gone | not installed | - | - | - |",
        "",
        "Here.",
    ]


def test_a_table_takes_its_place_again_and_again() -> None:
    """The text around it stays, and a second time changes nothing."""
    document = "# T\n\nBefore.\n\n<!-- begin saves-16 -->\nold\n<!-- end saves-16 -->\n\nAfter.\n"
    once = placed(document, [_TABLE])
    assert once.startswith("# T\n\nBefore.\n\n<!-- begin saves-16 -->\n\n|  |")
    assert once.endswith("Here.\n\n<!-- end saves-16 -->\n\nAfter.\n")
    assert "old" not in once
    assert placed(once, [_TABLE]) == once


def test_a_table_without_a_place_is_an_error() -> None:
    """Nothing that was measured is left out in silence."""
    with pytest.raises(Unplaced, match="no place for saves-16"):
        placed("# T\n", [_TABLE])


def test_a_place_without_a_table_is_an_error() -> None:
    """An old table would stay there as if it were new."""
    with pytest.raises(Unplaced, match="no table for the place of more"):
        placed("<!-- begin more -->\n<!-- end more -->\n", [])


def test_the_picture_is_in_proportion() -> None:
    """Bars are as long as their ratios, ours in their own colour, those that flush less in another."""
    widths = _widths()
    (floor,), (less,), (ours,) = widths["equal"], widths["less"], widths["ours"]
    assert ours == pytest.approx(4 * floor, abs=0.2)
    assert floor == pytest.approx(2 * less, abs=0.2)
    assert widths["band"] == [pytest.approx(0.04 * floor, abs=0.2)]


def test_the_picture_names_what_it_shows() -> None:
    """Each row that has a ratio, and no other."""
    texts = [text.text for text in _picture().iter(f"{_SVG}text")]
    assert {"floor", "a | b & c", "confkeep.save", "4.00"} <= set(texts)
    assert "gone" not in texts


def test_a_table_without_ratios_is_not_drawn() -> None:
    """The error says which."""
    with pytest.raises(ValueError, match="plain has nothing to draw"):
        picture(Table("plain", "T", "", (), ()))
