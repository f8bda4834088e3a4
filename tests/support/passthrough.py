"""A FUSE filesystem that shows a directory: what changes in that directory, *behind* the mount, no inotify can see.

The kernel's side is fuse(4) and linux/fuse.h, protocol 7.31. Nothing is cached (every ``valid`` is 0), renames have no
flags, and there are neither extended attributes nor links: it is as little as a network filesystem may be.
A process of its own serves it, because who asks for a file of it waits for its answer.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_FORGET, _BATCH_FORGET, _INTERRUPT = 2, 42, 36
_UNANSWERED: Final = {_INTERRUPT}
_IN: Final = struct.Struct("=IIQQIIIHH")
_OUT: Final = struct.Struct("=IiQ")
_ATTRIBUTES: Final = struct.Struct("=6Q10I")
_SETATTR: Final = struct.Struct("=IIQQQ3Q3I5I")
_TRANSFER: Final = struct.Struct("=QQI20x")  # fuse_read_in and fuse_write_in: handle, offset, size
_HANDLE: Final = struct.Struct("=Q")
_INIT_OUT: Final = struct.Struct("=IIIIHHIIHH32x")
_MODE, _UID, _GID, _SIZE, _ATIME, _MTIME = 1, 2, 4, 8, 16, 32  # FATTR_…
_NOW: Final = 128 | 256  # FATTR_ATIME_NOW, FATTR_MTIME_NOW
_MOST: Final = 1 << 17
_ROOT: Final = 1  # FUSE_ROOT_ID

Reply = bytes


class Passthrough:
    """One mounted directory. A node is a descriptor (O_PATH) of the file that the kernel looked up."""

    def __init__(self, backing: str, point: str) -> None:
        """Mount it; ``run`` serves it."""
        self._fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={self._fuse},rootmode={stat.S_IFDIR:o},user_id=0,group_id=0,allow_other,default_permissions"
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"passthrough", os.fsencode(point), b"fuse.passthrough", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount of a FUSE directory")
        self._nodes = {_ROOT: os.open(backing, os.O_PATH | os.O_DIRECTORY)}
        self._numbers: dict[tuple[int, int], int] = {}  # of nodes, by device and inode
        self._lookups: dict[int, int] = {}
        self._listings: dict[int, list[os.DirEntry[str]]] = {}
        self._next = _ROOT + 1  # of nodes and of listings
        self._operations: dict[int, Callable[[int, bytes], Reply]] = {
            1: self._lookup,
            3: lambda node, _: self._attributes(node),
            4: self._setattr,
            9: self._mkdir,
            10: lambda node, body: self._remove(os.unlink, node, body),
            11: lambda node, body: self._remove(os.rmdir, node, body),
            12: self._rename,
            14: self._open,
            15: lambda _, body: _read(body),
            16: lambda _, body: _write(body),
            17: lambda node, _: _filesystem(self._nodes[node]),
            18: lambda _, body: _release(body),
            20: lambda _, body: _fsync(body),
            25: _nothing,  # FLUSH: a close(2)
            26: _initialised,
            27: self._opendir,
            28: self._readdir,
            29: self._releasedir,
            35: self._create,
        }

    def run(self) -> None:
        """One request at a time, until it is unmounted."""
        while True:
            try:
                request = os.read(self._fuse, _MOST + 4096)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                continue  # ENOENT, EINTR: the request was withdrawn
            self._serve(request)

    def _serve(self, request: bytes) -> None:
        _, opcode, unique, node, *_ = _IN.unpack_from(request)
        body = request[_IN.size :]
        if opcode in {_FORGET, _BATCH_FORGET}:
            self._forget(opcode, node, body)
            return
        if opcode in _UNANSWERED:
            return
        try:
            if opcode not in self._operations:
                raise OSError(errno.ENOSYS, "not served")
            reply, failed = self._operations[opcode](node, body), 0
        except OSError as error:
            reply, failed = b"", -(error.errno or errno.EIO)
        with suppress(FileNotFoundError):  # who asked was killed meanwhile
            os.write(self._fuse, _OUT.pack(_OUT.size + len(reply), failed, unique) + reply)

    def _path(self, node: int) -> str:
        return f"/proc/self/fd/{self._nodes[node]}"

    def _entry(self, parent: int, name: bytes) -> Reply:
        fd = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self._nodes[parent])
        found = os.fstat(fd)
        number = self._numbers.get((found.st_dev, found.st_ino))
        if number is None:
            number, self._next = self._next, self._next + 1
            self._numbers[found.st_dev, found.st_ino] = number
            self._nodes[number] = fd
        else:
            os.close(fd)
        self._lookups[number] = self._lookups.get(number, 0) + 1
        return struct.pack("=QQQQII", number, 0, 0, 0, 0, 0) + _attributes(found)

    def _forget(self, opcode: int, node: int, body: bytes) -> None:
        if opcode == _FORGET:
            pairs = [(node, *struct.unpack_from("=Q", body))]
        else:
            (count,) = struct.unpack_from("=I4x", body)
            pairs = list(struct.iter_unpack("=QQ", body[8 : 8 + 16 * count]))
        for number, times in pairs:
            self._lookups[number] = self._lookups.get(number, 0) - times
            if number != _ROOT and self._lookups[number] <= 0:
                fd = self._nodes.pop(number)
                found = os.fstat(fd)
                del self._numbers[found.st_dev, found.st_ino], self._lookups[number]
                os.close(fd)

    def _lookup(self, node: int, body: bytes) -> Reply:
        return self._entry(node, body.rstrip(b"\0"))

    def _attributes(self, node: int) -> Reply:
        return struct.pack("=QII", 0, 0, 0) + _attributes(os.fstat(self._nodes[node]))

    def _setattr(self, node: int, body: bytes) -> Reply:
        valid, _, _, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid, _ = _SETATTR.unpack_from(body)
        path = self._path(node)
        if valid & _MODE:
            os.chmod(path, stat.S_IMODE(mode))
        if valid & (_UID | _GID):
            os.chown(path, uid if valid & _UID else -1, gid if valid & _GID else -1)
        if valid & _SIZE:
            os.truncate(path, size)
        if valid & _NOW:
            os.utime(path)
        elif valid & (_ATIME | _MTIME):
            os.utime(path, ns=(atime * 10**9 + atime_ns, mtime * 10**9 + mtime_ns))
        return self._attributes(node)

    def _mkdir(self, node: int, body: bytes) -> Reply:
        mode, _ = struct.unpack_from("=II", body)
        name = body[8:].rstrip(b"\0")
        os.mkdir(name, mode, dir_fd=self._nodes[node])
        return self._entry(node, name)

    def _remove(self, how: Callable[..., None], node: int, body: bytes) -> Reply:
        how(body.rstrip(b"\0"), dir_fd=self._nodes[node])
        return b""

    def _rename(self, node: int, body: bytes) -> Reply:
        (target,) = _HANDLE.unpack_from(body)
        old, new, _ = body[_HANDLE.size :].split(b"\0")
        os.rename(old, new, src_dir_fd=self._nodes[node], dst_dir_fd=self._nodes[target])
        return b""

    def _open(self, node: int, body: bytes) -> Reply:
        (flags,) = struct.unpack_from("=I", body)
        return struct.pack("=QII", os.open(self._path(node), flags & ~os.O_NOFOLLOW & ~os.O_APPEND), 0, 0)

    def _create(self, node: int, body: bytes) -> Reply:
        flags, mode = struct.unpack_from("=II", body)
        name = body[16:].rstrip(b"\0")
        fd = os.open(name, (flags | os.O_CREAT) & ~os.O_APPEND, mode, dir_fd=self._nodes[node])
        return self._entry(node, name) + struct.pack("=QII", fd, 0, 0)

    def _opendir(self, node: int, _: bytes) -> Reply:
        handle, self._next = self._next, self._next + 1
        with os.scandir(self._path(node)) as entries:
            self._listings[handle] = list(entries)
        return struct.pack("=QII", handle, 0, 0)

    def _readdir(self, _: int, body: bytes) -> Reply:
        handle, offset, size = _TRANSFER.unpack_from(body)
        reply = b""
        for number, entry in enumerate(self._listings[handle][offset:], offset + 1):
            name = os.fsencode(entry.name)
            kind = (stat.S_IFDIR if entry.is_dir(follow_symlinks=False) else stat.S_IFREG) >> 12
            one = struct.pack("=QQII", entry.inode(), number, len(name), kind) + name
            one += bytes(-len(one) % 8)
            if len(reply) + len(one) > size:
                break
            reply += one
        return reply

    def _releasedir(self, _: int, body: bytes) -> Reply:
        del self._listings[_HANDLE.unpack_from(body)[0]]
        return b""


def _nothing(_node: int, _body: bytes) -> Reply:
    return b""


def _initialised(_node: int, _body: bytes) -> Reply:
    return _INIT_OUT.pack(7, 31, _MOST, 0, 16, 12, _MOST, 1, 0, 0)


def _attributes(found: os.stat_result) -> bytes:
    times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
    return _ATTRIBUTES.pack(
        *(found.st_ino, found.st_size, found.st_blocks),
        *(time // 10**9 for time in times),
        *(time % 10**9 for time in times),
        *(found.st_mode, found.st_nlink, found.st_uid, found.st_gid, found.st_rdev, found.st_blksize, 0),
    )


def _read(body: bytes) -> Reply:
    handle, offset, size = _TRANSFER.unpack_from(body)
    return os.pread(handle, size, offset)


def _write(body: bytes) -> Reply:
    handle, offset, size = _TRANSFER.unpack_from(body)
    return struct.pack("=II", os.pwrite(handle, body[_TRANSFER.size : _TRANSFER.size + size], offset), 0)


def _release(body: bytes) -> Reply:
    os.close(*_HANDLE.unpack_from(body))
    return b""


def _fsync(body: bytes) -> Reply:
    os.fsync(*_HANDLE.unpack_from(body))
    return b""


def _filesystem(node: int) -> Reply:
    found = os.fstatvfs(node)
    room = (found.f_blocks, found.f_bfree, found.f_bavail, found.f_files, found.f_ffree)
    return struct.pack("=5Q4I24x", *room, found.f_bsize, found.f_namemax, found.f_frsize, 0)


@contextmanager
def passthrough(backing: Path, point: Path) -> Generator[subprocess.Popen[bytes]]:
    """``backing`` shown at ``point``, in the mount namespace of whoever asks, by the process that is yielded."""
    need(os.access("/dev/fuse", os.W_OK), "no /dev/fuse")
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.passthrough", backing, point],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n", "it could not be mounted"
        try:
            yield server
        finally:
            server.kill()  # first: to look for the mount, umount asks the filesystem, which may have been stopped
            subprocess.run(["umount", "-l", point], check=True)


def main(backing: str, point: str) -> None:
    """Mount, say so, serve."""
    server = Passthrough(backing, point)
    print("ready", flush=True)  # noqa: T201 - the other process waits for it
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
