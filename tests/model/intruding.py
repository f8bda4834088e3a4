"""What other processes do at a moment: edit a file, or start a recovery."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from confkeep.keeper import Keeper
from tests.model.machine import Born, Flush, FlushNames, Machine, Named, Size, Step, Together, Write
from tests.model.recorder import DISK, REAL
from tests.model.scenarios import Edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.model.world import World

Intruder = Edit | Literal["recover"]


class Intrusion:
    """``who`` comes at the ``at``-th opportunity, or later where a lease or a lock of the store is in its way.

    ``told`` is called before an edit.
    """

    def __init__(self, world: World, who: Intruder, at: int, told: Callable[[Edit], None] = lambda _: None) -> None:
        self.world, self.who, self.told = world, who, told
        self.has_come = False
        self._left = at

    def __call__(self, commit: bool) -> None:  # noqa: FBT001 - as Recorder.before has it
        """A step is going to be taken."""
        self._left -= 1
        if self.has_come or self._left >= 0:
            return
        if isinstance(self.who, Edit):
            if not self._must_wait(self.who):
                self.has_come = True
                self.told(self.who)
                make(self.world, self.who)
        elif not commit:
            self.has_come = True
            with Keeper(self.world.state) as other:
                other.recover(wait=0)

    def _must_wait(self, edit: Edit) -> bool:
        """Whether an open for writing would have to wait for our lease."""
        if edit.how == "rename" or edit.content is None:
            return False
        try:
            os.close(REAL["open"](self.world.disk / edit.name, os.O_WRONLY | os.O_NONBLOCK))
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False


def make(world: World, edit: Edit) -> None:
    """Let another program edit a file, and flush it."""
    path, recorder = world.disk / edit.name, world.recorder
    if recorder.machine is None:
        raise AssertionError("edits are recorded")
    was_there = path.exists()
    recorder.add(edited(recorder.machine, edit))
    if edit.content is None:
        if was_there:
            REAL["unlink"](path)
        return
    written = world.base / "edit" if edit.how == "rename" else path
    written.write_bytes(edit.content)
    written.chmod(0o644)
    REAL["rename"](written, path)
    recorder.inodes[path.stat().st_ino] = recorder.machine.seen()[f"{DISK}/{edit.name}"]


def edited(machine: Machine, edit: Edit) -> Step:
    """The same, as a step of ``machine``: none of it can be lost any more."""
    name = f"{DISK}/{edit.name}"
    ino = machine.seen().get(name)
    if edit.content is None:
        return Together((Named(((name, None),)), FlushNames(DISK)))
    born = list[Step]()
    if ino is None or edit.how == "rename":
        ino = machine.born
        born.append(Born(name, ino, 0o644))
    return Together((*born, Size(ino, 0), Write(ino, 0, edit.content), Flush(ino), FlushNames(DISK)))
