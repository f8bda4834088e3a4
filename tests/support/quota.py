"""Filesystems on which a user may have only so much, and what kernels know of that."""

from __future__ import annotations

import ctypes
import gzip
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.looking import opened
from tests.support.mounting import run

if TYPE_CHECKING:
    from tests.support.mounting import Mounts

#: What the kernel must be built with; btrfs has its own quotas, and an overlay has those of what lies below.
_CONFIG: Final = {
    "ext4": ("CONFIG_QUOTA", "CONFIG_QFMT_V2"),
    "xfs": ("CONFIG_XFS_QUOTA",),
    "tmpfs": ("CONFIG_TMPFS_QUOTA",),
    "btrfs": (),
    "overlay": (),
}
_SYS_QUOTACTL_FD: Final = 443  # the same on every machine; since Linux 5.14
_SET_USER_QUOTA: Final = 0x800008 << 8  # QCMD(Q_SETQUOTA, USRQUOTA) (linux/quota.h)
_BLOCK_LIMITS: Final = 1
#: struct if_dqblk: limits in KiB, then what is used, then times, then which of it counts
_DQBLK: Final = struct.Struct("=8QI4x")


def _kernel_config() -> set[str] | None:
    """What this kernel was built with, if it tells."""
    for path in (Path("/proc/config.gz"), Path("/boot", f"config-{os.uname().release}")):
        if path.exists():
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            return {name for line in text.decode().splitlines() for name, _, value in [line.partition("=")] if value}
    return None


def with_quotas() -> list[str]:
    """The filesystems that have quotas under this kernel: all where it does not tell, so that a mount can say."""
    built = _kernel_config()
    return [name for name, wanted in _CONFIG.items() if built is None or built.issuperset(wanted)]


class Quota:
    """A filesystem ``name`` mounted at ``at``, on which ``uid`` may have so many megabytes; root is exempt on some."""

    def __init__(self, mounts: Mounts, name: str, at: Path, scratch: Path, uid: int) -> None:
        self.name = name
        self.at = at
        self.uid = uid
        self._mounts = mounts
        self._image = scratch / f"{name}.img"
        self._limited = at
        getattr(self, f"_mount_{name}")()
        self.directory = at / "limited"
        self.directory.mkdir(exist_ok=True)
        os.chown(self.directory, uid, uid)

    def limit(self, megabytes: int) -> None:
        """Set the limit."""
        if self.name in {"btrfs", "overlay"}:
            run("btrfs", "qgroup", "limit", f"{megabytes}M", self._limited)
            return
        block = ctypes.create_string_buffer(_DQBLK.pack(megabytes << 10, 0, 0, 0, 0, 0, 0, 0, _BLOCK_LIMITS))
        libc = ctypes.CDLL(None, use_errno=True)
        with opened(self.at, os.O_RDONLY) as fd:
            done = libc.syscall(_SYS_QUOTACTL_FD, fd, _SET_USER_QUOTA, self.uid, block)
        assert done == 0, os.strerror(ctypes.get_errno())

    def _image_of(self, megabytes: int, *mkfs: str) -> None:
        with self._image.open("wb") as image:
            image.truncate(megabytes << 20)
        run(*mkfs, self._image)

    def _mount_ext4(self) -> None:
        self._image_of(64, "mkfs.ext4", "-q", "-F", "-O", "quota")
        self._mounts.mount(self.at, "-t", "ext4", "-o", "loop,usrquota", self._image)

    def _mount_xfs(self) -> None:
        self._image_of(300, "mkfs.xfs", "-q", "-f")
        self._mounts.mount(self.at, "-t", "xfs", "-o", "loop,uquota", self._image)

    def _mount_tmpfs(self) -> None:
        self._mounts.mount(self.at, "-t", "tmpfs", "-o", "size=64m,usrquota", "tmpfs")

    def _mount_btrfs(self) -> None:
        self._mounts.image(self.at, self._image, "btrfs", 128)
        run("btrfs", "quota", "enable", self.at)
        self._limited = self.at / "limited"
        run("btrfs", "subvolume", "create", self._limited)

    def _mount_overlay(self) -> None:
        overlay, self.at = self.at, self.at.with_name("below")
        self._mount_btrfs()
        self.at = self._mounts.overlay(overlay, self._limited)
