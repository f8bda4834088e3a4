"""Where the library keeps its journal, and what it does about saves that a crash left open there."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from confkeep.errors import ConfkeepError, JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.place import Place
    from confkeep.keeper import Keeper


def state_directory() -> Path:
    """``CONFKEEP_STATE``, or ``confkeep`` in the user's state directory (XDG Base Directory Specification).

    Raises JournalUnavailable where the user has none.
    """
    named = os.environ.get("CONFKEEP_STATE")
    if named:
        return Path(named)
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):  # the specification: a relative path is to be ignored
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    if not os.path.isabs(home):
        raise JournalUnavailable(
            f"uid {os.geteuid()} has no home directory for the journal", remedy="set CONFKEEP_STATE to a directory"
        )
    return Path(home, "confkeep")


@contextmanager
def opened_keeper(state: Path) -> Generator[Keeper]:
    """The keeper of ``state`` for one save. What a crash left open there is settled first, where nobody saves it now.

    It is not kept open: an SQLite connection must not be carried over a fork. Raises JournalUnavailable.
    """
    from confkeep.keeper import Keeper

    with Keeper(state) as keeper:
        keeper.recover(wait=0.0)
        yield keeper


def settle(place: Place) -> None:
    """Settle a save in place of this file that a crash left open. Costs one call where nothing can be open.

    SQLite removes the log of a store when its last user closes it; after a crash it is there. What cannot be settled
    now stays for the next user.
    """
    with suppress(JournalUnavailable):
        state = state_directory()
        if os.path.exists(state / "history.db-wal"):
            with suppress(ConfkeepError, OSError), opened_keeper(state) as keeper:
                keeper.settle(place)
