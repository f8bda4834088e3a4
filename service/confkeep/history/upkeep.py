"""Upkeep of a store beside the saves: packing, retention, and room that is given back, one small step after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.history.packing import pack
from confkeep.history.retention import give_back, prune

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from confkeep.history.retention import Policy
    from confkeep.history.store import Store

#: Between two steps, so that a save that waits for its turn gets it (seconds). A step takes 1 to 5 ms.
_PAUSE: Final = 0.005


@dataclass(slots=True)
class Done:
    """How many contents were packed, revisions pruned, and pages given back."""

    packed: int = 0
    pruned: int = 0
    pages: int = 0


def upkeep(store: Store, policies: Mapping[str, Policy], pause: Callable[[float], bool]) -> Done:
    """All three; ``pause`` waits for so many seconds and says whether to end here. Raises OutOfSpace, IoError."""
    done = Done()
    for count in prune(store, policies):
        done.pruned += count
        if pause(_PAUSE):
            return done
    for count in pack(store):
        done.packed += count
        if pause(_PAUSE):
            return done
    for count in give_back(store):
        done.pages += count
        if pause(_PAUSE):
            return done
    return done
