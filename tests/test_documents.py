"""What docs/ shows in Python works as pasted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ("README.md", "docs/library.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_python(page: str, disk: Path) -> None:
    """One after the other, in one directory, each a program of its own; nothing but what they name is left there."""
    blocks = BLOCK.findall((TOP / page).read_text("utf-8"))
    assert blocks
    environment = os.environ | {"CONFKEEP_STATE": os.fspath(disk / "state")}
    for block in blocks:
        command = [sys.executable, "-W", "error", "-c", block]
        subprocess.run(command, cwd=disk, env=environment, check=True, timeout=60)
    assert not [name for name in os.listdir(disk) if name.startswith(".")]
