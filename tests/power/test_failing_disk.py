"""Saves on a disk that fails: nothing is answered that is not on the disk, and what an error says is true."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Literal

import pytest

from tests.power.failing import ALWAYS, attempt
from tests.power.replay import prepared
from tests.power.scenario import REPLACED, one_file
from tests.power.world import LINKED, STATE, TARGETS
from tests.support.blocklog import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.power.world import World

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SPARED = 4


@pytest.mark.parametrize("disk", [TARGETS, STATE], ids=["files", "state"])
@pytest.mark.parametrize("target", [REPLACED, LINKED])
@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs"])
def test_what_the_answer_says_is_true(on: Callable[..., World], name: str, target: str, disk: int) -> None:
    """One flush or write fails, or all from there on: each answer holds after a power cut, and later saves work."""
    world = on(name, name)
    scenario = one_file(target)
    bases = prepared(world, scenario)
    begun = time.monotonic()
    found: Counter[str] = Counter()
    wrong: list[str] = []
    kinds: tuple[Literal["flush", "write"], ...] = ("flush", "write")
    for fault in (Fault(kind, spare, count) for kind in kinds for spare in range(SPARED) for count in (1, ALWAYS)):
        done = attempt(world, scenario, bases, disk, fault)
        found.update(["refused" if done.said else "answered", "alive" if done.alive else "shut down"])
        found["power cuts"] += done.cuts
        wrong += [f"{fault}: {what}" for what in done.wrong]
    seconds = time.monotonic() - begun
    logging.getLogger(__name__).info("%s, %s, disk %d: %s, %.1f s", name, target, disk, dict(found), seconds)
    assert wrong == []
    assert found["refused"]
