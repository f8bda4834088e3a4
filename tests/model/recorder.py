"""Lists what the product does to files and store: the calls are made, and each becomes a step of a machine.

Inodes have numbers of their own here, so that a file that is laid out again after a crash is the same file.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from confkeep.files import mounts, syscalls
from tests.model.machine import PAGE, Born, Commit, Flush, FlushNames, FlushStore, Mode, Named, Size, Step, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.model.machine import Machine
    from tests.model.snapshots import Snapshots

#: Where the files are that are saved, from the base.
DISK: Final = "disk"
#: Where the index of the log counts its transactions (WalIndexHdr.iChange in SQLite's src/wal.c).
_COUNTER: Final = slice(8, 12)
#: Real calls, for whoever acts beside the product.
REAL: Final = {
    name: getattr(os, name)
    for name in ("open", "pwrite", "ftruncate", "fsync", "fchmod", "unlink", "rename", "replace", "link")
}


class Recorder:
    """Records what happens to the files below ``base``/disk; their names are paths from ``base``."""

    def __init__(self, base: Path, snapshots: Snapshots) -> None:
        self.base = os.fspath(base) + "/"
        self.disk = self.base + DISK
        self.snapshots = snapshots
        self.inodes: dict[int, int] = {}
        self.machine: Machine | None = None
        self.steps: list[tuple[Step, Machine]] = []
        #: Called before each step, for what others do at that moment; and whether the store is locked by then.
        self.before: Callable[[bool], None] | None = None

    @contextmanager
    def on(self, machine: Machine) -> Generator[list[tuple[Step, Machine]]]:
        """Record what happens to ``machine``: each step, and the machine after it."""
        self.machine, self.steps = machine, []
        try:
            yield self.steps
        finally:
            self.machine = None

    def add(self, step: Step) -> None:
        """Something happens."""
        if self.machine is not None:
            self.machine = step.on(self.machine)
            self.steps.append((step, self.machine))

    def about_to(self, *, commit: bool = False) -> None:
        """A step is going to be taken."""
        if self.before is not None and self.machine is not None:
            self.before(commit)

    def name(self, path: str | bytes | os.PathLike[str], directory: int | None = None) -> str | None:
        """What the model calls ``path``; None when it is none of its business."""
        whole = os.fsdecode(path)
        if directory is not None and not whole.startswith("/"):
            whole = os.path.join(os.readlink(f"/proc/self/fd/{directory}"), whole)
        return whole.removeprefix(self.base) if whole.startswith(self.disk) else None

    def number(self, fd: int) -> int | None:
        """The model's number of an open file."""
        return self.inodes.get(os.fstat(fd).st_ino)

    @contextmanager
    def installed(self) -> Generator[None]:
        """Listen to this process, as long as that."""
        with ExitStack() as stack:
            for name, wrapper in self._wrappers().items():
                stack.enter_context(mock.patch.object(os, name, wrapper))
            for call in ("rename_exchange", "rename_noreplace"):
                stack.enter_context(mock.patch.object(syscalls, call, self._renaming(call)))
            for call in ("facts", "facts_at"):
                stack.enter_context(mock.patch.object(mounts, call, self._numbered(getattr(mounts, call))))
            stack.enter_context(mock.patch.object(sqlite3, "connect", self._connect))
            yield

    def _wrappers(self) -> dict[str, Callable[..., Any]]:
        return {
            "open": self._open,
            "pwrite": self._pwrite,
            "ftruncate": self._ftruncate,
            "fsync": self._fsync,
            "fdatasync": self._fsync,
            "fchmod": self._fchmod,
            "unlink": self._unlink,
            "rename": self._rename,
            "replace": self._rename,
            "link": self._link,
        }

    def _open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:  # noqa: ANN401 - as os.open
        if not flags & (os.O_CREAT | os.O_TRUNC):
            return int(REAL["open"](path, flags, mode, dir_fd=dir_fd))
        self.about_to()
        name = self.name(path, dir_fd)
        is_new = name is not None and self.machine is not None and name not in self.machine.seen()
        fd: int = REAL["open"](path, flags, mode, dir_fd=dir_fd)
        ino = self.number(fd)
        if is_new and name is not None and self.machine is not None:
            found = os.fstat(fd)
            self.inodes[found.st_ino] = self.machine.born
            self.add(Born(name, self.machine.born, stat.S_IMODE(found.st_mode)))
        elif flags & os.O_TRUNC and ino is not None:
            self.add(Size(ino, 0))
        return fd

    def _pwrite(self, fd: int, data: Any, offset: int) -> int:  # noqa: ANN401 - any buffer
        self.about_to()
        written: int = REAL["pwrite"](fd, data, offset)
        ino, rest = self.number(fd), bytes(data)[:written]
        while ino is not None and rest:
            room = PAGE - offset % PAGE
            self.add(Write(ino, offset, rest[:room]))
            rest, offset = rest[room:], offset + room
        return written

    def _ftruncate(self, fd: int, size: int) -> None:
        self.about_to()
        REAL["ftruncate"](fd, size)
        ino = self.number(fd)
        if ino is not None:
            self.add(Size(ino, size))

    def _fsync(self, fd: int) -> None:
        self.about_to()
        ino = self.number(fd)
        if ino is not None:
            self.add(Flush(ino))
        elif stat.S_ISDIR(os.fstat(fd).st_mode):
            name = self.name(os.readlink(f"/proc/self/fd/{fd}"))
            if name is not None:
                self.add(FlushNames(name))

    def _fchmod(self, fd: int, mode: int) -> None:
        self.about_to()
        REAL["fchmod"](fd, mode)
        ino = self.number(fd)
        if ino is not None:
            self.add(Mode(ino, mode))

    def _unlink(self, path: Any, *, dir_fd: int | None = None) -> None:  # noqa: ANN401 - as os.unlink
        self.about_to()
        name = self.name(path, dir_fd)
        REAL["unlink"](path, dir_fd=dir_fd)
        if name is not None:
            self.add(Named(((name, None),)))

    def _rename(self, src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None) -> None:  # noqa: ANN401 - as os.rename
        self.about_to()
        old, new = self.name(src, src_dir_fd), self.name(dst, dst_dir_fd)
        REAL["rename"](src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if self.machine is not None and old is not None and new is not None:
            self.add(Named(((old, None), (new, self.machine.seen()[old]))))

    def _link(
        self, src: str, dst: str, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None, **how: bool
    ) -> None:
        self.about_to()
        old, new = self.name(src, src_dir_fd), self.name(dst, dst_dir_fd)
        REAL["link"](src, dst, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd, **how)
        if self.machine is not None and old is not None and new is not None:
            self.add(Named(((new, self.machine.seen()[old]),)))

    def _renaming(self, call: str) -> Callable[[int, str, str], None]:
        real = getattr(syscalls, call)

        def recorded(directory: int, one: str, other: str) -> None:
            self.about_to()
            first, second = self.name(one, directory), self.name(other, directory)
            real(directory, one, other)
            if self.machine is not None and first is not None and second is not None:
                there = self.machine.seen()
                back = there[second] if call == "rename_exchange" else None
                self.add(Named(((first, back), (second, there[first]))))

        return recorded

    def _numbered(self, real: Callable[..., mounts.Facts | None]) -> Callable[..., mounts.Facts | None]:
        def numbered(*arguments: Any) -> mounts.Facts | None:
            found = real(*arguments)
            return found and found._replace(ino=self.inodes.get(found.ino, found.ino))

        return numbered

    def _connect(self, path: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 - as sqlite3.connect
        made: _Connection = _CONNECT(path, factory=_Connection, **options)
        made.recorder = self
        return made


_CONNECT: Final = sqlite3.connect


class _Connection(sqlite3.Connection):
    """Sees its own commits. One that changed nothing is none: SQLite then writes and flushes nothing."""

    recorder: Recorder
    _is_full = False
    _index = ""

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        """As it is."""
        wanted = sql.strip().upper()
        if wanted.startswith("PRAGMA SYNCHRONOUS="):
            self._is_full = wanted.endswith(("FULL", "EXTRA"))
        if wanted != "COMMIT":
            return super().execute(sql, *arguments)
        self.recorder.about_to(commit=True)
        before = self._changes()
        done = super().execute(sql, *arguments)
        if self._changes() != before:
            self.recorder.add(Commit(self.recorder.snapshots.number(self.serialize())))
            if self._is_full:
                self.recorder.add(FlushStore())
        self.recorder.about_to()
        return done

    def _changes(self) -> bytes:
        if not self._index:
            self._index = super().execute("PRAGMA database_list").fetchone()[2] + "-shm"
        with open(self._index, "rb") as index:
            return index.read(_COUNTER.stop)[_COUNTER]
