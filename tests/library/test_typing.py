"""The types that a type checker sees; ``make lint`` is what tests them, and here they are true at run time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO, TextIO, assert_type

import confkeep
import confkeep.aio
from confkeep.saved import Saved, Verdict

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_text_or_bytes(disk: Path) -> None:
    """By its mode, as ``open`` is."""
    with confkeep.file(disk / "a") as default, confkeep.file(disk / "b", "w+") as text:
        assert isinstance(assert_type(default, TextIO), io.TextIOWrapper)
        assert isinstance(assert_type(text, TextIO), io.TextIOWrapper)
    with confkeep.file(disk / "a", "wb") as data, confkeep.file(disk / "b", "w+b") as both:
        assert isinstance(assert_type(data, BinaryIO), io.BufferedWriter)
        assert isinstance(assert_type(both, BinaryIO), io.BufferedRandom)


def test_answers(disk: Path) -> None:
    """The names that are exported have their types."""
    assert isinstance(assert_type(confkeep.save(disk / "a", b"x"), Saved), Saved)
    assert isinstance(assert_type(confkeep.inspect(disk / "a"), Verdict), Verdict)
    with confkeep.Keeper() as keeper:
        assert isinstance(assert_type(keeper.save(disk / "a", b"y"), Saved), Saved)


async def coroutines(path: Path) -> None:
    """Nobody runs it: a type checker reads it."""
    assert_type(await confkeep.aio.save(path, b"x", expect=None), Saved)
    assert_type(await confkeep.aio.inspect(path), Verdict)
    async with confkeep.aio.file(path, "wb") as data:
        assert_type(data, BinaryIO)
    async with confkeep.file(path) as text:
        assert_type(text, TextIO)
