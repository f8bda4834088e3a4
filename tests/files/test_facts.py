"""What the kernel does to a save in a container, as far as the code relies on it (docs/architecture.md, "Facts").

None of this is confkeep's doing: a kernel that breaks one of these is to be noticed here first.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING

import pytest

from tests.support.layouts import file_bind, file_bind_from_elsewhere
from tests.support.looking import facts_at, mount_at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.layouts import Ground

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def exchange(one: Path, other: Path) -> None:
    """renameat2 with RENAME_EXCHANGE."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


def fails(code: int) -> pytest.RaisesExc[OSError]:
    """The block raises OSError with this errno."""
    return pytest.raises(OSError, check=lambda error: error.errno == code)


def test_a_mounted_file_can_be_neither_replaced_nor_removed(ground: Ground) -> None:
    """Rename onto it, exchange with it, unlink it: EBUSY. Link out of it: EXDEV."""
    mounted = file_bind(ground)
    new = ground.inside / "new"
    new.touch()
    with fails(errno.EBUSY):
        new.rename(mounted)
    with fails(errno.EBUSY):
        exchange(new, mounted)
    with fails(errno.EBUSY):
        mounted.unlink()
    with fails(errno.EXDEV):
        (ground.inside / "link").hardlink_to(mounted)


def test_a_rename_does_not_say_that_the_mount_is_read_only(ground: Ground) -> None:
    """On a read-only file bind a rename is EBUSY all the same; only open for writing says EROFS."""
    mounted = ground.mounts.bind(ground.source(), ground.inside / "a.yaml", read_only=True)
    new = ground.inside / "new"
    new.touch()
    with fails(errno.EBUSY):
        new.rename(mounted)
    with fails(errno.EROFS):
        mounted.open("r+b")


def test_the_temporary_file_fails_where_the_file_is_writable(ground: Ground) -> None:
    """A writable file bind in a read-only directory: EROFS for anything new beside it, the file itself is fine."""
    (ground.host / "below").mkdir()
    (ground.host / "below/a.yaml").touch()
    directory = ground.mounts.bind(ground.host / "below", ground.inside / "config", read_only=True)
    mounted = ground.mounts.bind(ground.source(), directory / "a.yaml")
    with fails(errno.EROFS):
        (directory / "new").touch()
    mounted.write_text("fine")


def test_ismount_and_devices_are_blind(ground: Ground) -> None:
    """os.path.ismount and st_dev see nothing of a file bind from the same filesystem; statx does."""
    mounted = file_bind(ground)
    assert not os.path.ismount(mounted)
    assert mounted.stat().st_dev == mounted.parent.stat().st_dev
    assert facts_at(mounted).mount_root


def test_the_host_replaces_the_source(ground: Ground) -> None:
    """The container keeps the old inode, which has no name any more; writing there succeeds and is lost."""
    mounted = file_bind(ground)
    source = ground.host / "a.yaml"
    ground.source("new.yaml", b"new\n").rename(source)
    assert mount_at(mounted).root.endswith("/host/a.yaml//deleted")
    assert mounted.stat().st_nlink == 0
    mounted.write_bytes(b"lost\n")
    assert source.read_bytes() == b"new\n"


def test_the_host_replaces_a_source_that_has_another_link(ground: Ground) -> None:
    """The mount is just as stale, but the old inode still counts a link: nlink alone does not tell."""
    mounted = file_bind(ground)
    source = ground.host / "a.yaml"
    (ground.host / "kept.yaml").hardlink_to(source)
    ground.source("new.yaml", b"new\n").rename(source)
    assert mount_at(mounted).root.endswith("/host/a.yaml//deleted")
    assert mounted.stat().st_nlink == 1


def test_an_editor_renames_the_source_away(ground: Ground) -> None:
    """The root field follows to the backup's name: neither //deleted nor nlink tells that the mount is stale."""
    mounted = file_bind(ground)
    source = ground.host / "a.yaml"
    source.rename(ground.host / "a.yaml~")
    source.write_bytes(b"new\n")
    assert mount_at(mounted).root.endswith("/host/a.yaml~")
    assert mounted.stat().st_nlink == 1
    assert mounted.read_bytes() != source.read_bytes()


def test_a_bind_is_the_same_inode(ground: Ground) -> None:
    """Host and container see one inode, whichever filesystem it is on."""
    for layout in (file_bind, file_bind_from_elsewhere):
        mounted = layout(ground)
        source = (ground.host if layout is file_bind else ground.elsewhere) / "a.yaml"
        assert mounted.samefile(source)
        ground.mounts.unmount(mounted)
