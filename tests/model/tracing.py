"""What a process really asked of the kernel, the store's log and database included: strace's lines as steps."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from tests.model.machine import (
    PAGE,
    Born,
    Flush,
    FlushNames,
    Machine,
    Mode,
    Named,
    Noted,
    Size,
    Step,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS: Final = (
    "openat,pwrite64,write,ftruncate,fsync,fdatasync,fchmod,rename,renameat,renameat2,link,linkat,unlink,unlinkat"
)
#: -xx: every string in hexadecimal, so that nothing in one looks like the end of it.
OPTIONS: Final = ("-f", "-qq", "-xx", "-y", "-s", "1000000", "-e", f"trace={CALLS}", "-e", "signal=none")
#: Writing to a file of this name is how a traced process says what it is at.
MARKS: Final = "marks"
_LINE: Final = re.compile(r"(?P<pid>\d+) +(?P<call>\w+)\((?P<arguments>.*)\) += (?P<result>\d+)")
_TEXT: Final = re.compile(r'"((?:\\x..)*)"')
_PATH: Final = re.compile(r"<((?:\\x..)*)>")
_FLUSHES: Final = {"fsync", "fdatasync"}
_EXCHANGE: Final = "RENAME_EXCHANGE"
#: The index of the log is memory that processes share, and never on a disk.
_IN_MEMORY: Final = "-shm"


def steps(log: str, base: str, machine: Machine) -> Iterator[tuple[Step, Machine]]:
    """What the calls of ``log`` did to the files below ``base``, and to ``machine``."""
    reader = _Reader(base, machine)
    for call, arguments, result in _calls(log):
        for step in reader.read(call, arguments, result):
            reader.machine = step.on(reader.machine)
            yield step, reader.machine


def _calls(log: str) -> Iterator[tuple[str, str, int]]:
    """Those that succeeded, in the order in which they ended; one that another thread interrupted is put together."""
    begun: dict[str, str] = {}
    for line in log.splitlines():
        pid, _, rest = line.partition(" ")
        if rest.endswith(" <unfinished ...>"):
            begun[pid] = rest.removesuffix(" <unfinished ...>")
            continue
        if "resumed>" in rest:
            rest = begun.pop(pid, "") + rest.partition("resumed>")[2]
        found = _LINE.match(f"{pid} {rest}")
        if found:
            yield found["call"], found["arguments"], int(found["result"])


def _decoded(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


class _Reader:
    def __init__(self, base: str, machine: Machine) -> None:
        self.base = base + "/"
        self.machine = machine

    def read(self, call: str, arguments: str, result: int) -> Iterator[Step]:
        texts = [_decoded(text) for text in _TEXT.findall(arguments)]
        paths = [os.fsdecode(_decoded(path)) for path in _PATH.findall(arguments)]
        if call == "openat":
            yield from self._opened(arguments, paths[0] if paths else "", os.fsdecode(texts[0]))
        elif call.startswith(("rename", "link", "unlink")):
            yield from self._named(call, arguments, paths, [os.fsdecode(text) for text in texts])
        elif paths and paths[0] == self.base + MARKS:
            yield Noted(texts[0].decode())
        elif paths:
            yield from self._file(call, arguments, paths[0], texts, result)

    def _opened(self, arguments: str, directory: str, path: str) -> Iterator[Step]:
        name = self._name(directory, path)
        if name is None or "O_CREAT" not in arguments or name in self.machine.seen():
            return
        mode = int(arguments.rpartition(", ")[2], 8)
        yield Born(name, self.machine.born, mode)

    def _named(self, call: str, arguments: str, directories: list[str], texts: list[str]) -> Iterator[Step]:
        directories = directories or ["/"] * len(texts)
        names = [self._name(*pair) for pair in zip(directories, texts, strict=True)]
        first, second = names[0], names[-1]
        there = self.machine.seen()
        if first is None or first not in there or second is None:
            return
        if call.startswith("unlink"):
            yield Named(((first, None),))
        elif call.startswith("link"):
            yield Named(((second, there[first]),))
        else:
            yield Named(((first, there[second] if _EXCHANGE in arguments else None), (second, there[first])))

    def _file(self, call: str, arguments: str, path: str, texts: list[bytes], result: int) -> Iterator[Step]:
        name = self._name("/", path)
        if name is None:
            return
        ino = self.machine.seen().get(name)
        if ino is None:
            if call in _FLUSHES:  # of a directory: SQLite has fdatasync for it
                yield FlushNames(name)
        elif call == "pwrite64":
            yield from _pages(ino, int(arguments.rpartition(", ")[2]), texts[0][:result])
        elif call == "ftruncate":
            yield Size(ino, int(arguments.rpartition(", ")[2]))
        elif call == "fchmod":
            yield Mode(ino, int(arguments.rpartition(", ")[2], 8))
        elif call in _FLUSHES:
            yield Flush(ino)

    def _name(self, directory: str, path: str) -> str | None:
        whole = os.path.join(directory, path)
        if not whole.startswith(self.base) or whole.endswith((_IN_MEMORY, MARKS, " (deleted)")):
            return None
        return whole.removeprefix(self.base)


def _pages(ino: int, offset: int, data: bytes) -> Iterator[Step]:
    while data:
        room = PAGE - offset % PAGE
        yield Write(ino, offset, data[:room])
        offset, data = offset + room, data[room:]
