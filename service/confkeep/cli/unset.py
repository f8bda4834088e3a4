"""``confkeep unset``: remove one thing from a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.cli import patching, saving

if TYPE_CHECKING:
    import argparse

HELP = "remove one key or item of a document, with the comments that belong to it; every other byte is kept"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    patching.add_place(parser)
    saving.add_change_options(parser)


def run(options: argparse.Namespace) -> int:
    """Exit code 6 where the pointer leads nowhere."""
    return patching.change(options, {"op": "remove"})
