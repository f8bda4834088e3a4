"""Loop devices over the disks of fusefile.py, with filesystems on them that are mounted again and again."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.blocklog import SECTOR, Entry, Fault, Sectors
from tests.support.mounting import run
from tests.support.needs import need

if TYPE_CHECKING:
    from collections.abc import Generator

#: Megabytes: what mkfs asks for at least, or enough.
_SIZES: Final = {"ext4": 32, "xfs": 300, "btrfs": 128}
_MKFS: Final = {
    "ext4": ("mkfs.ext4", "-q", "-F", "-b", "4096", "-J", "size=4", "-E", "lazy_itable_init=0,nodiscard"),
    "xfs": ("mkfs.xfs", "-q", "-f", "-K", "-s", "size=4096", "-d", "agcount=2"),
    "btrfs": ("mkfs.btrfs", "-q", "-f", "-K"),
}
_OPTIONS: Final = {"ext4": b"", "xfs": b"", "btrfs": b"nodiscard"}
_MS_BIND: Final = 4096  # sys/mount.h
_MNT_DETACH: Final = 2
_libc: Final = ctypes.CDLL(None, use_errno=True)


class Disks:
    """Disks that log what reaches them. ``mount`` and ``unmount`` what is on them as often as you like."""

    def __init__(self, names: list[str], scratch: Path) -> None:
        """One disk with a fresh filesystem for each of ``names``, mounted below ``scratch`` on request."""
        self.names = names
        self.points = [scratch / f"disk-{number}" for number in range(len(names))]
        self._files = [scratch / f"file-{number}" for number in range(len(names))]
        self._loops: list[str] = []
        self._mounted: list[Path] = []
        bases = [_make(scratch / f"base-{number}", name) for number, name in enumerate(names)]
        for file, point in zip(self._files, self.points, strict=True):
            file.touch()
            point.mkdir()
        ours, theirs = socket.socketpair()
        arguments = [os.fspath(path) for pair in zip(bases, self._files, strict=True) for path in pair]
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fusefile", str(theirs.fileno()), *arguments],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[2],
            )
        self._control = Connection(ours.detach())
        self._control.recv()
        try:
            self._loops = [_loop(file) for file in self._files]
        except BaseException:
            self.close()
            raise

    def load(self, images: list[Sectors]) -> None:
        """All disks become these; nothing of them may be mounted. Their log is empty."""
        assert not self._mounted
        self._ask("load", images)

    def mark(self, text: str) -> None:
        """Note in the log what the world outside has seen."""
        self._ask("mark", text)

    def fail(self, disk: int, fault: Fault) -> None:
        """Let ``disk`` fail like that from now on; ``Fault()`` makes it well."""
        self._ask("fail", disk, fault)

    def take_log(self) -> list[Entry]:
        """What happened since it was taken the last time."""
        log: list[Entry] = self._ask("take")
        return log

    def _ask(self, *command: object) -> Any:  # noqa: ANN401 - whatever that command answers
        self._control.send(command)
        return self._control.recv()

    def mount(self) -> None:
        """Mount the filesystem of each disk. Raises OSError."""
        for name, loop, point in zip(self.names, self._loops, self.points, strict=True):
            self._mount(loop, point, name, 0, _OPTIONS[name])

    def bind(self, file: Path, at: Path) -> None:
        """Show a file of the disks at another place as well, until they are unmounted. Raises OSError."""
        self._mount(os.fspath(file), at, "", _MS_BIND, b"")

    def _mount(self, source: str, at: Path, name: str, flags: int, options: bytes) -> None:
        if _libc.mount(os.fsencode(source), os.fsencode(at), name.encode(), flags, options) != 0:
            raise _failed(f"mount of {source}")
        self._mounted.append(at)

    def unmount(self) -> None:
        """Unmount them. Raises OSError: somebody has a file open there."""
        while self._mounted:
            if _libc.umount2(os.fsencode(self._mounted[-1]), 0) != 0:
                raise _failed(f"umount of {self._mounted[-1]}")
            self._mounted.pop()

    @contextmanager
    def mounted(self) -> Generator[None]:
        """Mounted as long as the ``with`` lasts."""
        try:
            self.mount()
            yield
        except BaseException:
            self._detach()
            raise
        self.unmount()

    def _detach(self) -> None:
        """Unmount, even what is in use: another error is on its way."""
        while self._mounted:
            _libc.umount2(os.fsencode(self._mounted.pop()), _MNT_DETACH)

    def close(self) -> None:
        """Nothing is left: no mount, no loop device, no process."""
        self._detach()
        for loop in self._loops:
            subprocess.run(["losetup", "--detach", loop], capture_output=True, check=False)
        for file in self._files:
            _libc.umount2(os.fsencode(file), _MNT_DETACH)
        with suppress(OSError):
            self._control.close()
        self._server.wait()


def _failed(what: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, f"{what}: {os.strerror(code)}")


def _make(base: Path, name: str) -> Path:
    need(shutil.which(_MKFS[name][0]), f"no {_MKFS[name][0]}")
    with base.open("wb") as image:
        image.truncate(_SIZES[name] << 20)
    run(*_MKFS[name], base)
    return base


def _loop(file: Path) -> str:
    """Direct, so that no cache stands between the filesystem and the log."""
    need(shutil.which("losetup"), "no losetup")
    command = ["losetup", "--find", "--show", "--direct-io=on", f"--sector-size={SECTOR}", os.fspath(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
