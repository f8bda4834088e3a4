"""A machine as a power cut sees it: what is on its disk, and what is only in its memory. Nothing here is ever changed.

The disk is worse than any real one and no worse than POSIX allows: what was not flushed may be lost, page by page and
name by name, in any order; flushing a file says nothing of its name, and flushing a directory nothing of its files.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What a process that is killed in the middle of a write has written: some of its pages (write(2) copies page by page).
PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class File:
    """What the page cache has held since the last flush, oldest first: the first is on the disk. Modes likewise."""

    images: tuple[bytes, ...] = (b"",)
    modes: tuple[int, ...] = (0o644,)

    def flushed(self) -> File:
        """All of it is on the disk."""
        return File(self.images[-1:], self.modes[-1:])

    def holding(self, image: bytes) -> File:
        """It holds ``image`` now."""
        return self if image == self.images[-1] else File((*self.images, image), self.modes)


#: One step of a directory: these names lead to these inodes now (None: nowhere), all of them or none.
Change = tuple[tuple[str, int | None], ...]


@dataclass(frozen=True, slots=True)
class Machine:
    """``names`` is what the directories on the disk say, ``pending`` what has happened to them since, oldest first.

    ``store``: the commits, as numbers of snapshots; the first is on the disk. ``born``: the number of the next inode.
    """

    files: Mapping[int, File]
    names: Mapping[str, int]
    pending: tuple[Change, ...] = ()
    store: tuple[int, ...] = ()
    born: int = 1

    def having(self, ino: int, file: File) -> Machine:
        """One file is ``file`` now."""
        return dataclasses.replace(self, files={**self.files, ino: file})

    def seen(self) -> dict[str, int]:
        """What the names lead to for a process that looks now."""
        names = dict(self.names)
        for change in self.pending:
            apply(names, change)
        return names

    def holds(self, name: str) -> bytes | None:
        """What a process reads there now."""
        ino = self.seen().get(name)
        return None if ino is None else self.files[ino].images[-1]

    def view(self) -> View:
        """Everything that a process can see now."""
        names = self.seen()
        there = ((name, ino, self.files[ino].modes[-1], self.files[ino].images[-1]) for name, ino in names.items())
        return View(tuple(sorted(there)), self.store[-1] if self.store else None, self.born)


class View(NamedTuple):
    """What processes can see: names, inodes, modes and contents; the last commit; the number of the next inode."""

    files: tuple[tuple[str, int, int, bytes], ...]
    store: int | None
    born: int


def apply(names: dict[str, int], change: Change) -> None:
    """Let ``change`` happen to ``names``."""
    for name, ino in change:
        if ino is None:
            names.pop(name, None)
        else:
            names[name] = ino


class Step(Protocol):
    """One thing that happens to a machine."""

    def on(self, machine: Machine) -> Machine:
        """The machine after it."""
        ...


class Born(NamedTuple):
    """A new, empty file, and its name."""

    name: str
    ino: int
    mode: int

    def on(self, machine: Machine) -> Machine:
        """It is there, in memory."""
        made = machine.having(self.ino, File(modes=(self.mode,)))
        return dataclasses.replace(made, pending=(*made.pending, ((self.name, self.ino),)), born=self.ino + 1)


class Named(NamedTuple):
    """A rename, an exchange, a link, an unlink: of itself all or nothing."""

    change: Change

    def on(self, machine: Machine) -> Machine:
        """The directory says so, in memory."""
        return dataclasses.replace(machine, pending=(*machine.pending, self.change))


class Write(NamedTuple):
    """Bytes inside one page."""

    ino: int
    offset: int
    data: bytes

    def on(self, machine: Machine) -> Machine:
        """The page cache has them."""
        file = machine.files[self.ino]
        image = file.images[-1].ljust(self.offset, b"\0")
        return machine.having(
            self.ino, file.holding(image[: self.offset] + self.data + image[self.offset + len(self.data) :])
        )


class Size(NamedTuple):
    """What ftruncate(2) does."""

    ino: int
    size: int

    def on(self, machine: Machine) -> Machine:
        """Cut off, or filled up with zeros."""
        file = machine.files[self.ino]
        return machine.having(self.ino, file.holding(file.images[-1][: self.size].ljust(self.size, b"\0")))


class Mode(NamedTuple):
    """What fchmod(2) does."""

    ino: int
    mode: int

    def on(self, machine: Machine) -> Machine:
        """In memory."""
        file = machine.files[self.ino]
        return machine.having(self.ino, File(file.images, (*file.modes, self.mode)))


class Flush(NamedTuple):
    """A file's bytes, size and mode are brought to the disk; its name is not."""

    ino: int

    def on(self, machine: Machine) -> Machine:
        """They are there."""
        return machine.having(self.ino, machine.files[self.ino].flushed())


class FlushNames(NamedTuple):
    """The names in one directory are brought to the disk; what they lead to is not."""

    directory: str

    def on(self, machine: Machine) -> Machine:
        """They are there."""
        names, left = dict(machine.names), list[Change]()
        for change in machine.pending:
            if any(name.rpartition("/")[0] == self.directory for name, _ in change):
                apply(names, change)
            else:
                left.append(change)
        return dataclasses.replace(machine, names=names, pending=tuple(left))


class Commit(NamedTuple):
    """The store has another commit; as such it is nowhere but in memory."""

    snapshot: int

    def on(self, machine: Machine) -> Machine:
        """Visible."""
        return dataclasses.replace(machine, store=(*machine.store, self.snapshot))


class FlushStore(NamedTuple):
    """The log of the store, which is one sequence, is brought to the disk."""

    def on(self, machine: Machine) -> Machine:
        """All commits are there."""
        return dataclasses.replace(machine, store=machine.store[-1:])


class Noted(NamedTuple):
    """Nothing happens to the machine: a save begins, or is answered."""

    what: str

    def on(self, machine: Machine) -> Machine:
        """As it was."""
        return machine


class Together(NamedTuple):
    """Several steps; what is between them is nobody's business."""

    steps: tuple[Step, ...]

    def on(self, machine: Machine) -> Machine:
        """After the last one."""
        for step in self.steps:
            machine = step.on(machine)
        return machine
