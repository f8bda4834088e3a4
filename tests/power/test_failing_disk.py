"""Saves on a disk that fails: nothing is answered that is not on the disk, and what an error says is true."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Literal

import pytest

from tests.power import mutants
from tests.power.failing import ALWAYS, attempt
from tests.power.recording import prepared
from tests.power.scenario import REPLACED, Scenario, hole, one_file
from tests.power.world import BOUND, LINKED, STATE, TARGETS
from tests.support.blocklog import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.power.world import World

pytestmark = [pytest.mark.crash, pytest.mark.slow]

SPARED = 4
SAME = (13000, 13000, 20000)
GROWING = (5000, 13000, 9000)


def faults() -> list[Fault]:
    """The first flush or write fails, or the second …, or all from there on."""
    kinds: tuple[Literal["flush", "write"], ...] = ("flush", "write")
    return [Fault(kind, spare, count) for kind in kinds for spare in range(SPARED) for count in (1, ALWAYS)]


@pytest.mark.parametrize(
    ("scenario", "failing"),
    [
        (one_file(REPLACED, *SAME), TARGETS),
        (one_file(LINKED, *SAME), TARGETS),  # no metadata to write: the filesystem survives what it cannot flush
        (one_file(BOUND, *GROWING), TARGETS),
        (hole(13000), TARGETS),
        (one_file(LINKED, *SAME), STATE),
    ],
    ids=["replaced", "same-size", "growing", "hole", "state"],
)
@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs"])
def test_what_the_answer_says_is_true(
    on: Callable[..., World], request: pytest.FixtureRequest, name: str, scenario: Scenario, failing: int
) -> None:
    """One flush or write fails, or all from there on: each answer holds after a power cut, and later saves work."""
    world = on(name, name)
    bases = prepared(world, scenario)
    begun = time.monotonic()
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for fault in faults():
        done = attempt(world, scenario, bases, failing, fault)
        found.update(["refused" if done.said else "answered", "alive" if done.alive else "shut down"])
        found["power cuts"] += done.cuts
        wrong += [f"{fault}: {what}" for what in done.wrong]
    seconds = time.monotonic() - begun
    logging.getLogger(__name__).info("%s: %s, %.1f s", request.node.name, dict(found), seconds)
    assert wrong == []
    assert found["refused"]


def test_a_flush_that_is_tried_again_is_found_out(on: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    """A save that believes the second fsync answers for bytes that are not on the disk."""
    world = on("ext4", "ext4")
    scenario = one_file(LINKED, *SAME)
    bases = prepared(world, scenario)
    mutants.a_flush_that_is_tried_again(monkeypatch)
    assert any(attempt(world, scenario, bases, TARGETS, fault).wrong for fault in faults())
