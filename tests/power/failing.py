"""A save on a disk that fails: what the answer says must be true after the power was cut as well."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.errors import ConfkeepError
from confkeep.etag import etag_of
from confkeep.keeper import Keeper
from tests.power.restart import recover
from tests.support.blocklog import Cut, Fault, Loss, Lost, Mark, Wrote, after

if TYPE_CHECKING:
    from tests.power.restart import Seen
    from tests.power.scenario import Contents, Scenario, Step
    from tests.power.world import World
    from tests.support.blocklog import Entry, Sectors

#: For ever, as far as one save is concerned.
ALWAYS: Final = 1 << 30
#: How an answer says what has become of the file. Any other leaves it open between old and new.
_OLD: Final = ("the old content is intact", "was not touched", "nothing was written", "had not begun")
_NEW: Final = ("the save was complete", "has been completed")
_SEED: Final = 1
_LOSSES: Final = (Loss.ALL, Loss.SECTORS, Loss.NOTHING)
_UNNAMED: Final = "OSError: "
_FAILING, _TRIED, _LATER = "failing", "tried", "later"


@dataclass(slots=True)
class Attempt:
    """One save on a failing disk. ``said``: the error, None where it was answered."""

    said: str | None
    hit: bool
    alive: bool
    cuts: int = 0
    wrong: list[str] = field(default_factory=list[str])


def attempt(world: World, scenario: Scenario, bases: list[Sectors], disk: int, fault: Fault) -> Attempt:
    """Take step 0, then step 1 while ``disk`` fails, then step 2 when it is well; cut the power all along."""
    disks = world.disks
    disks.load(bases)
    with world.up():
        with Keeper(world.state) as keeper:
            scenario.save(keeper, world, scenario.steps[0])
            keeper.history(
                world.root(scenario.names()[0]), scenario.names()[0], 1
            )  # commits what is settled, unflushed
            disks.mark(_FAILING)
            disks.fail(disk, fault)
            said = _save(keeper, world, scenario, scenario.steps[1])
            disks.mark(_TRIED)
            disks.fail(disk, Fault())
            alive = _is_alive(world)
            later = _save(keeper, world, scenario, scenario.steps[2]) if alive else None
            if later is not None:  # the kernel tells once of an error that nobody has heard of yet (errseq)
                later = _save(keeper, world, scenario, scenario.steps[2])
            disks.mark(_LATER)
            log = disks.take_log()
        forgotten = _forgotten(world)
    tried = log[log.index(Mark(_FAILING)) : log.index(Mark(_TRIED))]
    done = Attempt(said, any(isinstance(entry, Lost) for entry in tried) or fault.kind == "write", alive)
    done.wrong += forgotten
    if said is not None and said.startswith(_UNNAMED):
        done.wrong.append(f"not a named error: {said}")
    if later is not None:
        done.wrong.append(f"a save on the healthy disk failed: {later}")
    _cut(world, scenario, bases, log, done, answered_later=alive and later is None)
    return done


def _save(keeper: Keeper, world: World, scenario: Scenario, step: Step) -> str | None:
    try:
        scenario.save(keeper, world, step)
    except ConfkeepError as error:
        return str(error)
    except OSError as error:
        return f"{_UNNAMED}{error}"
    return None


def _forgotten(world: World) -> list[str]:
    """Descriptors that were left open on the disks, which are closed now: nobody could unmount them."""
    points = tuple(os.fspath(point) for point in world.disks.points)
    found: list[str] = []
    for number in map(int, os.listdir("/proc/self/fd")):
        with suppress(FileNotFoundError):
            path = os.readlink(f"/proc/self/fd/{number}")
            if path.startswith(points):
                os.close(number)
                found.append(f"left open: {path}")
    return found


def _is_alive(world: World) -> bool:
    """Whether the filesystems can still be written: many shut down when their own journal fails."""
    try:
        for directory in (world.files, world.state):
            fd = os.open(directory / "probe", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, b"probe")
                os.fsync(fd)
            finally:
                os.close(fd)
            (directory / "probe").unlink()
    except OSError:
        return False
    return True


def _cut(
    world: World, scenario: Scenario, bases: list[Sectors], log: list[Entry], done: Attempt, *, answered_later: bool
) -> None:
    """Cut the power during the save, after its answer, during the later save, and after that."""
    failing, tried, later = (log.index(Mark(text)) for text in (_FAILING, _TRIED, _LATER))
    old, new, newest = (scenario.after(steps) for steps in (1, 2, 3))
    during = [at for at in range(failing + 1, tried) if not isinstance(log[at], Wrote)]
    cuts: list[tuple[Cut, list[Contents]]] = [(Cut(at, Loss.ALL), [old, new]) for at in during]
    after_it = _said(done.said, old, new)
    cuts += [(Cut(tried + 1, loss, _SEED), after_it) for loss in _LOSSES]
    if answered_later:
        meanwhile = [at for at in range(tried + 2, later) if not isinstance(log[at], Wrote)]
        cuts += [(Cut(at, Loss.SECTORS, _SEED), [*after_it, newest]) for at in meanwhile]
        cuts += [(Cut(later + 1, loss, _SEED), [newest]) for loss in _LOSSES]
    for cut, allowed in cuts:
        seen = recover(world, scenario, after(cut, log, bases), go_on=True)
        done.cuts += 1
        steps = [0] + [1] * (done.said is None and cut.position > tried) + [2] * (cut.position > later)
        wrong = seen.wrong + _strange(seen, allowed) + _missing(seen, [scenario.steps[step] for step in steps])
        done.wrong += [f"{cut} of {len(log)}, said {done.said!r}: {what}" for what in wrong]


def _said(said: str | None, old: Contents, new: Contents) -> list[Contents]:
    """What the files may hold after such an answer."""
    if said is None or any(words in said for words in _NEW):
        return [new]
    return [old] if any(words in said for words in _OLD) else [old, new]


def _strange(seen: Seen, allowed: list[Contents]) -> list[str]:
    if seen.contents in allowed:
        return []
    sizes = {name: None if content is None else len(content) for name, content in seen.contents.items()}
    return [f"the files hold {sizes}, not one of the {len(allowed)} allowed contents"]


def _missing(seen: Seen, answered: list[Step]) -> list[str]:
    """What was answered is in the history, whatever has failed since."""
    return [
        f"the history has lost {len(content)} bytes of {name}"
        for step in answered
        for name, content in step.changes.items()
        if content is not None and etag_of(content) not in seen.recorded[name]
    ]
