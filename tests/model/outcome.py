"""What a start after a crash makes of a machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confkeep.files import leftovers
from confkeep.history import intents, revisions
from confkeep.history.revisions import State as Revised

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.keeper import Keeper
    from confkeep.recovery import Recovered
    from tests.model.due import State


@dataclass(frozen=True, slots=True)
class Outcome:
    """``known``: names and etags in the history, ``applied``: those that have been a file's content.

    ``wrong`` is what must never be, whatever was interrupted.
    """

    state: State
    known: frozenset[tuple[str, str]]
    applied: frozenset[tuple[str, str]]
    wrong: tuple[str, ...]


def look(keeper: Keeper, disk: Path, names: list[str], recovered: list[Recovered]) -> Outcome:
    """Look at the files ``names`` and their history, after ``keeper`` has recovered once; recover and sweep again."""
    wrong = [f"not settled: {each.path}: {each.detail}" for each in recovered if not each.settled]
    before = _contents(disk)
    again = keeper.recover()
    if again:
        wrong.append(f"recovered twice: {again[0].detail}")
    if _contents(disk) != before:
        wrong.append("the second recovery changed something")
    known, applied = set[tuple[str, str]](), set[tuple[str, str]]()
    with keeper.store.reading() as connection:
        if intents.unsettled(connection):
            wrong.append("an intent is open")
        for name in names:
            for revision in revisions.listing(connection, os.fspath(disk / name), 1000):
                if revision.etag is None:  # it says that the file was removed
                    continue
                known.add((name, revision.etag))
                if revision.state is Revised.APPLIED:
                    applied.add((name, revision.etag))
                elif revision.state is Revised.PROMISED:
                    wrong.append(f"a revision of {name} is still promised")
    _sweep(disk)
    left = _contents(disk)
    wrong += [f"left behind: {name}, {len(left[name])} bytes" for name in sorted(left.keys() - set(names))]
    return Outcome(tuple((name, left.get(name)) for name in names), frozenset(known), frozenset(applied), tuple(wrong))


def _sweep(disk: Path) -> None:
    directory = os.open(disk, os.O_RDONLY | os.O_DIRECTORY)
    try:
        leftovers.sweep(directory)
    finally:
        os.close(directory)


def _contents(disk: Path) -> dict[str, bytes]:
    return {name: (disk / name).read_bytes() for name in os.listdir(disk)}
