"""docs/commands.md: every block works as pasted, in its order, and prints what the page shows."""

import re
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.command import Command
from tests.docs.blocks import blocks_of
from tests.docs.reader import Reader
from tests.support.needs import need
from tests.test_examples import example, wait_for_daemon

__all__ = ["example"]

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_every_block(example: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """From the top to the end; nothing is printed that is not shown."""
    need(shutil.which("git"), "no git")
    where, _ = example
    wait_for_daemon(where)
    commands = where / "bin"
    commands.mkdir()
    (commands / "confkeep").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m confkeep "$@"\n', "utf-8")
    (commands / "confkeep").chmod(0o755)
    monkeypatch.setenv("PATH", str(commands), prepend=":")
    monkeypatch.delenv("VISUAL", raising=False)
    with ExitStack() as stack:
        reader = Reader(where, stack, f"{where}/var/confkeep.sock")
        for block in blocks_of(PAGE):
            reader.read(block)
        reader.is_done()


def test_merge_driver_of_the_help() -> None:
    """The page and `confkeep merge --help` tell the same one."""
    (driver,) = re.findall(r"'(confkeep merge %O.*)'", PAGE.read_text("utf-8"))
    assert driver in Command()("merge", "--help").text
