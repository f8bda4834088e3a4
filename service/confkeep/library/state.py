"""Where the library keeps its journal, and what it does about saves that a crash left open there."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from confkeep.errors import ConfkeepError, JournalUnavailable
from confkeep.files import persistence

if TYPE_CHECKING:
    from collections.abc import Generator

    from confkeep.files.place import Place
    from confkeep.keeper import Keeper


def state_directory() -> str:
    """``CONFKEEP_STATE``, or ``confkeep`` in the user's state directory (XDG Base Directory Specification).

    Raises JournalUnavailable where the user has none.
    """
    named = os.environ.get("CONFKEEP_STATE")
    if named:
        if not os.path.isabs(named):
            raise JournalUnavailable(f"CONFKEEP_STATE={named!r} is not absolute", remedy="give the whole path")
        return named
    home = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(home):  # the specification: a relative path is to be ignored
        return f"{home}/confkeep"
    home = os.environ["HOME"] if "HOME" in os.environ else os.path.expanduser("~")  # by the user database
    if not os.path.isabs(home):
        raise JournalUnavailable(
            f"uid {os.geteuid()} has no home directory for the journal", remedy="set CONFKEEP_STATE to a directory"
        )
    return f"{home}/.local/state/confkeep"


def no_journal(path: str) -> JournalUnavailable | None:
    """Why ``path`` could not be written in place from here, as far as that can be known without making anything."""
    try:
        state = state_directory()
    except JournalUnavailable as error:
        return error
    there = state
    while not os.path.exists(there):
        there = os.path.dirname(there)
    if not os.access(there, os.W_OK | os.X_OK):
        return JournalUnavailable(
            f"{path} must be written in place, which needs a journal: {there} cannot be written",
            remedy="set CONFKEEP_STATE to a directory of yours",
        )
    finding = persistence.of_state(there)
    if finding is None or finding.severity != "error":
        return None
    return JournalUnavailable(
        f"{path} must be written in place, which needs a durable journal: {finding.message}",
        remedy="set CONFKEEP_STATE to a directory on a disk",
        rule=finding.rule,
        evidence=finding.evidence,
    )


@contextmanager
def opened_keeper(state: str) -> Generator[Keeper]:
    """The keeper of ``state`` for one save. What a crash left open there is settled first, where nobody saves it now.

    It is not kept open: an SQLite connection must not be carried over a fork. Raises JournalUnavailable.
    """
    from pathlib import Path

    from confkeep.keeper import Keeper

    with Keeper(Path(state)) as keeper:
        keeper.recover(wait=0.0)
        yield keeper


def settle(place: Place) -> None:
    """Settle a save in place of this file that a crash left open. Costs one call where nothing can be open.

    SQLite removes the log of a store when its last user closes it; after a crash it is there. What cannot be settled
    now stays for the next user.
    """
    with suppress(JournalUnavailable):
        state = state_directory()
        if not os.path.exists(f"{state}/history.db-wal"):
            return
        with suppress(ConfkeepError, OSError), opened_keeper(state) as keeper:
            keeper.settle(place)
