"""Automations checked, against a bare pass over libyaml's events through PyYAML's C parser; and one value set."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

import yaml

from bench import document
from bench.budget import Budget, milli, table
from confkeep.documents.check import check
from confkeep.documents.dialect import Dialect
from confkeep.documents.edit import edit
from confkeep.documents.format import Format
from confkeep.documents.patch import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

_SIZES: Final = {"16 KB": 16 << 10, "64 KB": 64 << 10, "1 MB": 1 << 20}
_MOST: Final = 1.5
_STEEPEST: Final = 20.0
_MOST_SET: Final = 4.0
_BARE, _TWIN, _CHECK, _HOME, _SET = "bare pass", "its twin", "complete check", "as Home Assistant's", "set"


def run(rounds: int, directory: str | None) -> list[Budget]:
    """Interleaved; the minimum of each counts: nothing makes a pass faster than it is."""
    del directory
    fastest: dict[str, dict[str, float]] = {}
    for size, length in _SIZES.items():
        fastest[size] = _measure(_automations(length), 3 * rounds if length < 1 << 20 else max(5, rounds // 2))
    rows = [[size, *(milli(seconds) for seconds in of.values())] for size, of in fastest.items()]
    table("processor time of a pass, ms, minimum", ["", *fastest["16 KB"]], rows)
    budgets = [
        Budget(f"complete check of {size} / bare pass", of[_CHECK] / of[_BARE], _MOST, of[_TWIN] / of[_BARE])
        for size, of in fastest.items()
    ]
    budgets += [
        Budget(f"set in {size} / complete check", of[_SET] / of[_CHECK], _MOST_SET) for size, of in fastest.items()
    ]
    budgets.append(Budget("set in 1 MB / in 64 KB", fastest["1 MB"][_SET] / fastest["64 KB"][_SET], _STEEPEST))
    return [*budgets, Budget("check of 1 MB / of 64 KB", fastest["1 MB"][_CHECK] / fastest["64 KB"][_CHECK], _STEEPEST)]


def _measure(data: bytes, times: int) -> dict[str, float]:
    passes: dict[str, Callable[[], object]] = {
        _BARE: lambda: _bare(data),
        _TWIN: lambda: _bare(data),
        _CHECK: lambda: _complete(data, Dialect.GENERIC),
        _HOME: lambda: _complete(data, Dialect.HOME_ASSISTANT),
        _SET: lambda: _set(data),
    }
    taken: dict[str, list[float]] = {name: [] for name in passes}
    for _ in range(times):
        for name, one in random.sample(list(passes.items()), len(passes)):
            start = time.thread_time()
            one()
            taken[name].append(time.thread_time() - start)
    return {name: min(seconds) for name, seconds in taken.items()}


def _bare(data: bytes) -> None:
    next_event = yaml.CSafeLoader(data).get_event
    while next_event() is not None:
        pass


def _complete(data: bytes, dialect: Dialect) -> None:
    assert check(data, Format.YAML, dialect=dialect, strict=True, seconds=60) == []


def _set(data: bytes) -> None:
    """The last automation's name."""
    last = data.count(b"\n- ")
    changed = edit(data, (Operation("set", f"/{last}/alias", "on"),), Format.YAML, Dialect.GENERIC, seconds=60)
    assert changed.endswith(b"\n")
    assert changed != data


def _automations(length: int) -> bytes:
    """At least so many bytes, no two automations alike."""
    made: list[str] = []
    size = 0
    while size < length:
        made.append(document.automation(len(made)))
        size += len(made[-1])
    return "".join(made).encode("ascii")
