"""A disk as one file of a FUSE filesystem of our own: it logs what is written and flushed, and fails when told to.

Started by blockdisks.py as a process of its own: who writes to a filesystem on the disk and serves the disk as well
would wait for itself. The kernel's side is fuse(4) and linux/fuse.h, protocol 7.31; the root of the mount is the file
(rootmode 0100600), so that no name is ever looked up.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import stat
import struct
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from tests.support.blocklog import SECTOR, Entry, Fault, Flushed, Lost, Mark, Sectors, Wrote

if TYPE_CHECKING:
    from collections.abc import Callable

_GETATTR, _OPEN, _READ, _WRITE, _RELEASE, _FSYNC, _FLUSH, _INIT = 3, 14, 15, 16, 18, 20, 25, 26
_FORGET, _BATCH_FORGET, _INTERRUPT, _DESTROY = 2, 42, 36, 38
_UNANSWERED: Final = {_FORGET, _BATCH_FORGET, _INTERRUPT}
_IN: Final = struct.Struct("=IIQQIIIHH")
_OUT: Final = struct.Struct("=IiQ")
_TRANSFER: Final = struct.Struct("=QQI")  # how fuse_read_in and fuse_write_in begin: handle, offset, size
_WRITE_IN: Final = 40
_ATTRIBUTES: Final = struct.Struct("=QII6Q10I")
_INIT_OUT: Final = struct.Struct("=IIIIHHIIHH32x")
_MOST: Final = 1 << 20
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22
_DIRECT_IO: Final = 1  # FOPEN_DIRECT_IO: no page cache between the loop device and this log
_YEAR: Final = 365 * 24 * 3600


class Disk:
    """The bytes of one disk: a base image that stays as it is, and the sectors that differ."""

    def __init__(self, base: str) -> None:
        self._base = os.open(base, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._base).st_size
        self.fault = Fault()
        self._sectors: Sectors = {}
        self._before: dict[int, bytes | None] = {}  # what the un-flushed writes replaced

    def load(self, sectors: Sectors) -> None:
        """Become the base image with these sectors, healthy and flushed."""
        self._sectors = sectors
        self._before.clear()
        self.fault = Fault()

    def read(self, offset: int, size: int) -> bytes:
        """What is at ``offset``; both are multiples of the sector size."""
        first, count = offset // SECTOR, size // SECTOR
        found = [self._sectors.get(number) for number in range(first, first + count)]
        if not any(found):
            return os.pread(self._base, size, offset)
        return b"".join(
            os.pread(self._base, SECTOR, (first + at) * SECTOR) if data is None else data
            for at, data in enumerate(found)
        )

    def write(self, wrote: Wrote) -> None:
        """Take it into the cache. Raises OSError when told to fail."""
        if self.fault.hits("write"):
            raise OSError(errno.EIO, "told to fail")
        for number, data in wrote.sectors():
            self._before.setdefault(number, self._sectors.get(number))
            self._sectors[number] = data

    def flush(self) -> bool:
        """Whether what was written is durable; if not it is gone."""
        failed = self.fault.hits("flush")
        if failed:
            for number, data in self._before.items():
                if data is None:
                    del self._sectors[number]
                else:
                    self._sectors[number] = data
        self._before.clear()
        return not failed


class Server:
    """Serves the disks until its control connection ends."""

    def __init__(self, control: Connection) -> None:
        self._control = control
        self._disks: dict[int, tuple[int, Disk]] = {}  # by the descriptor of /dev/fuse
        self._log: list[Entry] = []
        self._buffer = bytearray(_MOST + SECTOR)

    def add(self, base: str, point: str) -> None:
        """Mount a disk with the bytes of the file ``base`` over the file ``point``."""
        fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={fd},rootmode={stat.S_IFREG | 0o600:o},user_id=0,group_id=0,max_read={_MOST}"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"confkeep", os.fsencode(point), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount of a FUSE file")
        self._disks[fd] = (len(self._disks), Disk(base))

    def run(self) -> None:
        """One request at a time: what was answered before the next one was read came before it."""
        waiting = select.poll()
        for fd in (self._control.fileno(), *self._disks):
            waiting.register(fd, select.POLLIN)
        while True:
            for fd, _ in waiting.poll():
                if fd == self._control.fileno():
                    if not self._obey():
                        return
                elif not self._serve(fd):
                    waiting.unregister(fd)

    def _obey(self) -> bool:
        try:
            name, *arguments = self._control.recv()
        except EOFError:
            return False
        commands: dict[str, Callable[..., object]] = {
            "load": self._load,
            "mark": self._mark,
            "fail": self._fail,
            "take": self._take,
        }
        self._control.send(commands[name](*arguments))
        return True

    def _load(self, images: list[Sectors]) -> None:
        for number, disk in self._disks.values():
            disk.load(images[number])
        self._log = []

    def _mark(self, text: str) -> None:
        self._log.append(Mark(text))

    def _fail(self, number: int, fault: Fault) -> None:
        for own, disk in self._disks.values():
            if own == number:
                disk.fault = fault

    def _take(self) -> list[Entry]:
        taken, self._log = self._log, []
        return taken

    def _serve(self, fd: int) -> bool:
        """Answer one request; False when the file is unmounted."""
        try:
            size = os.readv(fd, [self._buffer])
        except OSError as error:
            return error.errno != errno.ENODEV  # ENOENT, EINTR: the request was withdrawn
        _, opcode, unique, *_ = _IN.unpack_from(self._buffer)
        if opcode in _UNANSWERED:
            return True
        try:
            body = self._answer(opcode, memoryview(self._buffer)[_IN.size : size], *self._disks[fd])
            failed = 0
        except OSError as error:
            body, failed = b"", -(error.errno or errno.EIO)
        os.writev(fd, [_OUT.pack(_OUT.size + len(body), failed, unique), body])
        return True

    def _answer(self, opcode: int, request: memoryview, number: int, disk: Disk) -> bytes:
        if opcode == _READ:
            _, offset, size = _TRANSFER.unpack_from(request)
            return disk.read(offset, size)
        if opcode == _WRITE:
            _, offset, size = _TRANSFER.unpack_from(request)
            if offset % SECTOR or size % SECTOR:
                raise OSError(errno.EINVAL, "less than a sector")
            wrote = Wrote(number, offset, bytes(request[_WRITE_IN : _WRITE_IN + size]))
            disk.write(wrote)
            self._log.append(wrote)
            return struct.pack("=II", size, 0)
        if opcode == _FSYNC:
            if disk.flush():
                self._log.append(Flushed(number))
                return b""
            self._log.append(Lost(number))
            raise OSError(errno.EIO, "told to fail")
        return _about(opcode, disk.size)


def _about(opcode: int, size: int) -> bytes:
    """What does not concern the bytes of the disk."""
    answers: dict[int, Callable[[], bytes]] = {
        _INIT: lambda: _INIT_OUT.pack(7, 31, 0, _BIG_WRITES | _MAX_PAGES, 64, 48, _MOST, 1, _MOST // 4096, 0),
        _GETATTR: lambda: _ATTRIBUTES.pack(
            *(_YEAR, 0, 0), *(1, size, size // 512, 0, 0, 0), *(0, 0, 0, stat.S_IFREG | 0o600, 1, 0, 0, 0, 4096, 0)
        ),
        _OPEN: lambda: struct.pack("=QII", 0, _DIRECT_IO, 0),
        _RELEASE: bytes,
        _FLUSH: bytes,  # a close(2) of the file: no flush of the disk
        _DESTROY: bytes,
    }
    if opcode not in answers:
        raise OSError(errno.ENOSYS, "not served")
    return answers[opcode]()


def main(control: str, *disks: str) -> None:
    """``disks``: base image and mount point of each, one after the other."""
    with Connection(int(control)) as connection:
        server = Server(connection)
        for base, point in zip(disks[::2], disks[1::2], strict=True):
            server.add(base, point)
        connection.send("ready")
        server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
