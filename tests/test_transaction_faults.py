"""Several files are saved, and every call of the operating system fails in turn: all old or all new, and truly told."""

from __future__ import annotations

import errno
import itertools
import logging
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.batches import FOUR, MODE, TWO, Batch
from tests.support.sites import Site, Watch, in_a_child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

#: Written in pieces, so that a file can be found half written.
PIECE: Final = 5
#: What is longer is written to the history.
LOG: Final = 1000
AT_LEAST: Final = 40


@pytest.fixture(params=[TWO, FOUR], ids=["two", "four"])
def batch(request: pytest.FixtureRequest, disk: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """Two files by the two routes, or four with one that is created and one that is removed."""
    pwrite = os.pwrite

    def in_pieces(fd: int, data: memoryview, offset: int) -> int:
        return pwrite(fd, data[:PIECE] if len(data) < LOG else data, offset)

    monkeypatch.setattr(os, "pwrite", in_pieces)
    return Batch(disk / "config", state, request.param)


def ended(batch: Batch, act: Callable[[int, Site], None], when: str) -> tuple[str, bool] | None:
    """How a transaction ends in a process of its own, and whether all was old then; None: killed."""
    batch.begin()

    def attempt() -> tuple[str, bool]:
        numbers = itertools.count()

        def at(site: Site) -> None:
            if site.when == when:
                act(next(numbers), site)

        with batch.keeper() as keeper:
            try:
                with Watch(at):
                    batch.save(keeper)
            except BaseException as error:  # noqa: BLE001 - KeyboardInterrupt is one of the cases
                return f"{type(error).__name__}: {error}", batch.present() == batch.old
        return "saved", batch.present() == batch.old

    said: tuple[str, bool] | None = in_a_child(attempt)
    return said


def sites_of(batch: Batch, when: str) -> list[Site]:
    """All sites of an undisturbed transaction."""
    readable, writable = os.pipe()
    named: Counter[str] = Counter()

    def note(_: int, site: Site) -> None:
        os.write(writable, f"{site.thread} {site.name}\n".encode())

    assert ended(batch, note, when) == ("saved", False)
    os.close(writable)
    found: list[Site] = []
    with os.fdopen(readable) as pipe:
        for line in pipe:
            named[line] += 1
            thread, name = line.split()
            found.append(Site(thread, name, named[line], "before"))
    assert len(found) >= AT_LEAST
    return found


def recovered(batch: Batch) -> tuple[str, list[str]]:
    """The next process recovers: all old or all new. Which, and what is wrong."""
    wrong = batch.recover()
    present = batch.present()
    if present == batch.new:
        which = "new"
    elif present == batch.old:
        which = "old"
    else:
        return "mixed", [*wrong, f"mixed: {present}"]
    if which == "old" and batch.modes() != {MODE}:
        wrong.append(f"other attributes: {batch.modes()}")
    return which, wrong


def tell(what: str, found: Counter[str]) -> None:
    """The figures are part of the result."""
    logging.getLogger(__name__).info("%s: %s", what, dict(found))


def test_killed_at_every_site(batch: Batch) -> None:
    """By -9 before each call: all old or all new once recovery has run, and nothing else."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for number in range(len(sites_of(batch, "before"))):

        def act(at: int, _: Site, number: int = number) -> None:
            if at == number:
                os.kill(os.getpid(), signal.SIGKILL)

        ended(batch, act, "before")
        which, bad = recovered(batch)
        found[which] += 1
        wrong += [f"{number}: {each}" for each in bad]
    tell("killed", found)
    assert wrong == [], "\n".join(wrong)
    assert found["old"] > 0
    assert found["new"] > 0


@pytest.mark.parametrize(
    ("error", "when", "persistent"),
    [
        (OSError(errno.EIO, "Input/output error"), "before", False),
        (OSError(errno.EIO, "Input/output error"), "before", True),
        (OSError(errno.ENOSPC, "No space left on device"), "before", True),
        (MemoryError(), "before", False),
        (KeyboardInterrupt(), "after", False),
    ],
    ids=["EIO once", "EIO from then on", "ENOSPC from then on", "memory", "interrupted"],
)
def test_failing_at_every_site(batch: Batch, error: BaseException, when: str, *, persistent: bool) -> None:
    """What was answered stays done, and what was said to have failed stays as it was, also after the next start."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for number, site in enumerate(sites_of(batch, when)):

        def act(at: int, _: Site, number: int = number) -> None:
            if at == number or (persistent and at > number):
                raise error

        outcome = ended(batch, act, when)
        which, bad = recovered(batch)
        said, was_old = outcome or ("nothing", False)
        found[f"{said.partition(':')[0]}, {which}"] += 1
        wrong += [f"{site}: {said}: {each}" for each in bad]
        if said == "saved" and which != "new":
            wrong.append(f"{site}: not done: {said}")
        if said != "saved" and which == "new" and (was_old or tells_failure(said)):
            wrong.append(f"{site}: failed, and then done: {said}")
    tell(f"{error!r}{' from then on' * persistent}", found)
    assert wrong == [], "\n".join(wrong)
    assert found.total() >= AT_LEAST


def tells_failure(said: str) -> bool:
    """Whether somebody was told what became of the files; an interruption tells nothing."""
    return not said.startswith(("KeyboardInterrupt", "MemoryError")) and "could not be put back" not in said
