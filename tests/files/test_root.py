"""confkeep.files.root: a directory or single file that the settings allow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from confkeep.files.root import ANYWHERE, Root

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_root_is_is_looked_at_each_time(tmp_path: Path) -> None:
    """A path may be missing, then a file, then a directory: nothing is remembered."""
    root = Root("config", os.fspath(tmp_path / "x"))
    assert not root.is_single_file()
    (tmp_path / "x").touch()
    assert root.is_single_file()
    (tmp_path / "x").unlink()
    (tmp_path / "x").mkdir()
    assert not root.is_single_file()


def test_a_link_counts_as_what_it_leads_to(tmp_path: Path) -> None:
    """A link to a directory is a directory."""
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("directory")
    assert not Root("config", os.fspath(tmp_path / "link")).is_single_file()


def test_anywhere_is_the_whole_filesystem() -> None:
    """The library and `confkeep inspect` are not held to the settings."""
    assert ANYWHERE.path == "/"
    assert not ANYWHERE.is_single_file()
