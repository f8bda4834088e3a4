"""Commands that work on a state directory, whether or not a daemon runs: every lock is that of a single file."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from confkeep.cli.output import plain
from confkeep.errors import NotFound

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from confkeep.keeper import Keeper

DEFAULT: Final = "/var/lib/confkeep"


def add_state(parser: argparse.ArgumentParser, help_: str, default: str | None = None) -> None:
    """The flag that names the directory."""
    parser.add_argument("--state", metavar="DIR", default=default, help=help_)


@contextmanager
def keeper_of(state: str) -> Generator[Keeper]:
    """The keeper of a state directory that is there. Raises NotFound, JournalUnavailable."""
    from pathlib import Path

    from confkeep.history.opening import NAME
    from confkeep.keeper import Keeper

    if not os.path.exists(os.path.join(state, NAME)):
        raise NotFound(f"there is no history in {state}", remedy="name the daemon's state directory with --state")
    with Keeper(Path(state)) as keeper:
        found = keeper.history_finding
        if found:
            print(plain(f"{found.severity}: {found.rule}: {found.message}; {found.remedy}"), file=sys.stderr)
        yield keeper
