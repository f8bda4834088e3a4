"""Plays a scenario where the parent laid it out, as the only process there; strace looks on (sqlite.py)."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any

from confkeep.keeper import Keeper
from tests.model.playing import ask
from tests.model.recorder import DISK
from tests.model.scenarios import SCENARIOS, Save
from tests.model.still import Still
from tests.model.tracing import MARKS
from tests.model.world import root


class Replaced(sqlite3.Connection):
    """Has another idea of how safe a log must be."""

    words: tuple[str, str] = ("", "")

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        """With another word."""
        return super().execute(sql.replace(*self.words), *arguments)


def main() -> None:
    """``python -m tests.model.traced BASE SCENARIO [WORD OTHER]``: WORD in a statement becomes OTHER."""
    base, name, *words = Path(sys.argv[1]), *sys.argv[2:]
    if words:
        connect = sqlite3.connect
        Replaced.words = (words[0], words[1])
        sqlite3.connect = lambda *path, **more: connect(*path, factory=Replaced, **more)  # type: ignore[assignment]
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    state = dict(scenario.before)
    marks = os.open(base / MARKS, os.O_WRONLY | os.O_CREAT)
    with Still().installed(), Keeper(base / "state") as keeper:
        for number, save in enumerate(scenario.steps):
            os.write(marks, b"begins %d" % number)
            if isinstance(save, Save):
                ask(keeper, save, state, lambda name: root(base / DISK, in_place=scenario.is_in_place(name)))
                state |= save.files
            else:
                keeper.store.make_durable()
            os.write(marks, b"answered %d" % number)


if __name__ == "__main__":
    main()
