"""One directory in which machines are laid out as real files, and the real confkeep runs on them."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from confkeep.files.root import Root, RoutePolicy
from confkeep.history.store import Store
from confkeep.keeper import Keeper
from tests.model.machine import File, Machine
from tests.model.outcome import Outcome, look
from tests.model.recorder import DISK, REAL, Recorder
from tests.model.snapshots import Snapshots
from tests.model.still import Still

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tests.model.machine import Step, View

_MEMORY: Final = "/dev/shm"
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_EXCL
#: Names that a process may invent for each inode there has been.
_NAMES: Final = 1000

Recovery = tuple[tuple["Step", ...], Outcome]


class World:
    """Remembers what recovery made of what it found: equal finds are recovered once."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.disk, self.state = base / DISK, base / "state"
        self.snapshots = Snapshots()
        self.still = Still()
        self.recorder = Recorder(base, self.snapshots)
        self.recoveries: dict[tuple[View, tuple[str, ...]], Recovery] = {}

    @classmethod
    @contextmanager
    def made(cls) -> Generator[Self]:
        """A world in memory, if there is room; gone in the end."""
        base = Path(tempfile.mkdtemp(prefix="confkeep-model-", dir=_MEMORY if os.path.isdir(_MEMORY) else None))
        with ExitStack() as stack:
            stack.callback(shutil.rmtree, base)
            world = cls(base)
            world.disk.mkdir()
            world.state.mkdir(0o700)
            stack.enter_context(world.still.installed())
            stack.enter_context(world.recorder.installed())
            yield world

    def fresh(self, contents: Mapping[str, bytes | None]) -> Machine:
        """A machine with these files, and a store without history."""
        self._clear()
        store = Store(self.state)
        with store.looking() as connection:
            empty = self.snapshots.number(connection.serialize())
        store.close()
        there = [(name, content) for name, content in contents.items() if content is not None]
        files = {ino: File(images=(content,)) for ino, (_, content) in enumerate(there, 1)}
        names = {f"{DISK}/{name}": ino for ino, (name, _) in enumerate(there, 1)}
        return Machine(files, names, store=(empty,), born=len(there) + 1)

    @contextmanager
    def start(self, view: View) -> Generator[Keeper]:
        """Lay ``view`` out, and start confkeep on it; nothing has been recovered yet."""
        self.lay(view)
        self.still.start(view.born * _NAMES)
        with Keeper(self.state) as keeper:
            yield keeper

    def lay(self, view: View) -> None:
        """Make the files of ``view``, and no others."""
        self._clear()
        numbers: dict[int, str] = {}
        self.recorder.inodes.clear()
        for name, ino, mode, content in view.files:
            path = os.path.join(self.base, name)
            if ino in numbers:
                REAL["link"](numbers[ino], path)
                continue
            numbers[ino] = path
            fd = REAL["open"](path, _CREATE, 0o600)
            REAL["pwrite"](fd, content, 0)
            REAL["fchmod"](fd, mode)
            self.recorder.inodes[os.fstat(fd).st_ino] = ino
            os.close(fd)
        if view.store is not None:
            (self.state / "history.db").write_bytes(self.snapshots.content(view.store))

    def recovered(self, machine: Machine, names: tuple[str, ...]) -> Recovery:
        """What a start does to ``machine``, and what is found then of the files ``names``."""
        view = machine.view()
        known = self.recoveries.get((view, names))
        if known is None:
            known = self.recoveries[view, names] = self._recover(machine, names)
        return known

    def recovered_beside(self, machine: Machine, names: tuple[str, ...], before: Callable[[bool], None]) -> Recovery:
        """The same, where something may happen before each step."""
        self.recorder.before = before
        try:
            return self._recover(machine, names)
        finally:
            self.recorder.before = None

    def _recover(self, machine: Machine, names: tuple[str, ...]) -> Recovery:
        with self.start(machine.view()) as keeper:
            with self.recorder.on(machine) as steps:
                found = keeper.recover()
            return tuple(step for step, _ in steps), look(keeper, self.disk, list(names), found)

    def _clear(self) -> None:
        for directory in (self.disk, self.state):
            for name in os.listdir(directory):
                REAL["unlink"](os.path.join(directory, name))


def root(disk: Path, *, in_place: bool) -> Root:
    """The root that everything is saved below."""
    return Root("config", os.fspath(disk), RoutePolicy.OVERWRITE if in_place else RoutePolicy.AUTO)


def after_each(machine: Machine, steps: tuple[Step, ...]) -> Iterator[tuple[Step, Machine]]:
    """Each step, and the machine after it."""
    for step in steps:
        machine = step.on(machine)
        yield step, machine
