"""Why a file cannot be written: each cause is there inside its ``with``, and gone after it."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from confkeep.errors import NotARegularFile, ReadOnly, Refused, StaleMount
from confkeep.expect import ABSENT, ANYTHING, Expect
from confkeep.files import syscalls
from tests.conformance.attributes import clear_flags, set_flags
from tests.support.mounting import Mounts, run
from tests.support.saving import OLD

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pytest

    from tests.support.fixtures import Small


@dataclass(frozen=True, slots=True)
class Ground:
    """``directory`` is on the filesystem ``on``; ``inside`` is where a container would have its mounts."""

    on: str
    directory: Path
    inside: Path
    mounts: Mounts
    small: Small
    patch: pytest.MonkeyPatch

    def source(self, name: str = "a.yaml") -> Path:
        """A file with OLD in it."""
        path = self.directory / name
        path.write_bytes(OLD)
        return path

    def fresh(self) -> Path:
        """A filesystem of that kind for this test alone."""
        if self.on == "tmpfs":
            return self.mounts.mount(self.inside / "own", "-t", "tmpfs", "tmpfs")
        if self.on == "overlay":
            return self.mounts.overlay(self.inside / "own", self.directory_on_disk())
        return self.small(self.on, {"ext4": 16, "xfs": 320, "btrfs": 128}[self.on])

    def directory_on_disk(self) -> Path:
        """Where an overlay's layers can be."""
        layers = self.inside / "layers"
        layers.mkdir()
        return layers


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a save of ``path`` must be answered; the words are those that must be in each text."""

    path: Path
    error: type[Refused]
    rule: str | None
    detail: str
    remedy: str
    evidence: str | None = None
    expect: Expect = field(default=ANYTHING)


class Cause(Protocol):
    """A context manager with a name."""

    __name__: str

    def __call__(self, ground: Ground) -> AbstractContextManager[Refusal]:
        """There inside, gone after."""
        ...


@contextmanager
def read_only_file_mount(ground: Ground) -> Generator[Refusal]:
    """``-v ./a.yaml:/config/a.yaml:ro``."""
    at = ground.mounts.bind(ground.source(), ground.inside / "config/a.yaml", read_only=True)
    yield Refusal(at, ReadOnly, "MNT009", "on a read-only mount", "drop ':ro'", " ro,")
    run("mount", "-o", "remount,bind,rw", at)


@contextmanager
def read_only_directory_mount(ground: Ground) -> Generator[Refusal]:
    """``-v ./conf:/config:ro``."""
    ground.source()
    at = ground.mounts.bind(ground.directory, ground.inside / "config", read_only=True)
    yield Refusal(at / "a.yaml", ReadOnly, "MNT009", "on a read-only mount", "drop ':ro'", " ro,")
    run("mount", "-o", "remount,bind,rw", at)


@contextmanager
def read_only_directory_mount_for_a_new_file(ground: Ground) -> Generator[Refusal]:
    """The same for a file that is not there yet."""
    at = ground.mounts.bind(ground.directory, ground.inside / "config", read_only=True)
    yield Refusal(at / "new.yaml", ReadOnly, "MNT009", "on a read-only mount", "drop ':ro'", " ro,", expect=ABSENT)
    run("mount", "-o", "remount,bind,rw", at)


@contextmanager
def read_only_filesystem(ground: Ground) -> Generator[Refusal]:
    """As after an error of its disk; the mount itself is writable."""
    at = ground.fresh()
    (at / "a.yaml").write_bytes(OLD)
    run("mount", "-o", "remount,ro", at)
    run("mount", "-o", "remount,bind,rw", at)
    yield Refusal(at / "a.yaml", ReadOnly, None, f"read-only {ground.on} filesystem", "remount", " rw,")
    run("mount", "-o", "remount,rw", at)


@contextmanager
def immutable(ground: Ground) -> Generator[Refusal]:
    """``chattr +i``."""
    path = ground.source()
    set_flags(path, "i")
    yield Refusal(path, ReadOnly, None, "immutable", f"chattr -i {path}")
    clear_flags(path, "i")


@contextmanager
def append_only(ground: Ground) -> Generator[Refusal]:
    """``chattr +a``."""
    path = ground.source()
    set_flags(path, "a")
    yield Refusal(path, ReadOnly, None, "append-only", f"chattr -a {path}")
    clear_flags(path, "a")


@contextmanager
def immutable_and_mounted(ground: Ground) -> Generator[Refusal]:
    """The flag is the inode's: a bind mount of it does not help."""
    path = ground.source()
    at = ground.mounts.bind(path, ground.inside / "config/a.yaml")
    set_flags(path, "i")
    yield Refusal(at, ReadOnly, None, "immutable", f"chattr -i {at}")
    clear_flags(at, "i")


def _again(ground: Ground, at: Path) -> None:
    """What ``docker restart`` does."""
    ground.mounts.unmount(at)
    ground.mounts.bind(ground.source(), at)


@contextmanager
def source_removed(ground: Ground) -> Generator[Refusal]:
    """The host removed what is mounted."""
    at = ground.mounts.bind(ground.source(), ground.inside / "config/a.yaml")
    (ground.directory / "a.yaml").unlink()
    yield Refusal(at, StaleMount, "MNT002", "lost its name on the host", "restart", "//deleted")
    _again(ground, at)


@contextmanager
def source_replaced(ground: Ground) -> Generator[Refusal]:
    """The host renamed a new file over what is mounted."""
    at = ground.mounts.bind(ground.source(), ground.inside / "config/a.yaml")
    ground.source("new.yaml").rename(ground.directory / "a.yaml")
    yield Refusal(at, StaleMount, "MNT002", "lost its name on the host", "restart", "//deleted")
    _again(ground, at)


@contextmanager
def source_replaced_with_another_link(ground: Ground) -> Generator[Refusal]:
    """The same, but the old inode has a second name: its link count is 1."""
    at = ground.mounts.bind(ground.source(), ground.inside / "config/a.yaml")
    (ground.directory / "kept.yaml").hardlink_to(ground.directory / "a.yaml")
    ground.source("new.yaml").rename(ground.directory / "a.yaml")
    assert at.stat().st_nlink == 1
    yield Refusal(at, StaleMount, "MNT002", "lost its name on the host", "restart", "//deleted")
    _again(ground, at)


@contextmanager
def directory_removed(ground: Ground) -> Generator[Refusal]:
    """The host removed the directory that is mounted."""
    gone = ground.directory / "gone"
    gone.mkdir()
    at = ground.mounts.bind(gone, ground.inside / "config")
    gone.rmdir()
    yield Refusal(
        at / "a.yaml", StaleMount, "MNT004", "has been removed", "create it again", "st_nlink 0", expect=ABSENT
    )
    ground.mounts.unmount(at)
    gone.mkdir()
    ground.mounts.bind(gone, at)


def _special(kind: int, word: str) -> Cause:
    def cause(ground: Ground) -> Generator[Refusal]:
        path = ground.directory / "a.yaml"
        if kind == stat.S_IFDIR:
            path.mkdir()
        elif kind == stat.S_IFSOCK:
            # Its path may be too long to be bound to as a whole.
            with socket.socket(socket.AF_UNIX) as server:
                fd = os.open(ground.directory, os.O_PATH)
                server.bind(f"/proc/self/fd/{fd}/a.yaml")
                os.close(fd)
        else:
            os.mknod(path, kind | 0o600, os.makedev(1, 3))
        yield Refusal(path, NotARegularFile, None, word, "name a regular file")
        path.rmdir() if kind == stat.S_IFDIR else path.unlink()
        ground.source()

    cause.__name__ = word.replace(" ", "_")
    return contextmanager(cause)


_VERITY: Final = 0x100000


@contextmanager
def sealed_by_verity(ground: Ground) -> Generator[Refusal]:
    """fs-verity: no kernel of ours need have it, so statx is made to say so. Making the file anew helps."""
    path = ground.source()
    real, inode = syscalls.statx, path.stat().st_ino

    def sealed(fd: int, mask: int, buffer: Any, *name: bytes) -> None:  # noqa: ANN401 - passed on
        real(fd, mask, buffer, *name)
        (attributes,), (found,) = struct.unpack_from("=Q", buffer, 8), struct.unpack_from("=Q", buffer, 32)
        if found == inode:
            struct.pack_into("=Q", buffer, 8, attributes | _VERITY)

    with ground.patch.context() as patch:
        patch.setattr(syscalls, "statx", sealed)
        yield Refusal(path, ReadOnly, None, "fs-verity", "create it again")
    path.rename(ground.directory / "sealed.yaml")
    ground.source()


CAUSES: Final[tuple[Cause, ...]] = (
    read_only_file_mount,
    read_only_directory_mount,
    read_only_directory_mount_for_a_new_file,
    read_only_filesystem,
    immutable,
    append_only,
    immutable_and_mounted,
    source_removed,
    source_replaced,
    source_replaced_with_another_link,
    directory_removed,
    _special(stat.S_IFDIR, "a directory"),
    _special(stat.S_IFIFO, "a FIFO"),
    _special(stat.S_IFSOCK, "a socket"),
    _special(stat.S_IFCHR, "a character device"),
    _special(stat.S_IFBLK, "a block device"),
    sealed_by_verity,
)
