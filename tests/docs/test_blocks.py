from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.blocks import Block, blocks_of, json_matches, text_matches

if TYPE_CHECKING:
    from pathlib import Path


def test_each_block_with_its_words_and_its_line(tmp_path: Path) -> None:
    """Language, name, text; what is between them is not looked at."""
    page = tmp_path / "page.md"
    page.write_text("# x\n\n```sh watch\nls\n```\n\nand `y`\n\n```text\n```\n", "utf-8")
    assert blocks_of(page) == [Block("sh", "watch", "ls\n", 3), Block("text", "", "", 9)]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a\n", "a\nb\n", False),
        ("a\nb\n", "a\n", False),
        ("a.c\n", "abc\n", False),
        ("a…c\n", "abc\n", True),
        ("a…c\n", "ab\nc\n", False),
        ("a\n…\nc\n", "a\nb\nb\nc\n", True),
        ("a\n…\nc\n", "a\nb\nd\n", False),
        ("", "", True),
        ("", "a\n", False),
    ],
)
def test_text(shown: str, printed: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    """Line by line; an ellipsis is any text of one line, alone any lines."""
    assert text_matches(shown, printed) is same


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ('{"a": 1}', '{"a": 1}', True),
        ('{"a": 1}', '{"a": 2}', False),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ('{"a": 1, "b": 2}', '{"a": 1}', False),
        ('{"a": 1, "…": "…"}', '{"a": 1, "b": 2}', True),
        ('{"a": 1, "c": 1, "…": "…"}', '{"a": 1, "b": 2}', False),
        ('{"a": "x…"}', '{"a": "xyz"}', True),
        ('{"a": "x…"}', '{"a": "yz"}', False),
        ('{"a": "…"}', '{"a": null}', False),
        ('{"revision": 1}', '{"revision": 7}', True),
        ('{"revision": 1}', '{"revision": null}', False),
        ('{"revision": 1}', '{"revision": true}', False),
        ("[1, 2]", "[1]", False),
        ('[{"id": 1}]', '[{"id": 2}]', True),
    ],
)
def test_json(shown: str, printed: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    """Member by member; numbers that differ each time are only numbers."""
    assert json_matches(shown, printed) is same
