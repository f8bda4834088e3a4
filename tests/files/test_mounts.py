"""confkeep.files.mounts: mount points as the kernel knows them."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.files import mounts, syscalls
from tests.support.layouts import LAYOUTS, file_bind, nested_bind, plain
from tests.support.looking import choice_at, facts_at, mount_at

if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable

    from tests.support.fixtures import Filesystem
    from tests.support.layouts import Ground

#: Lines as containers of a real engine showed them.
LINES = (Path(__file__).parents[1] / "fixtures" / "mountinfo.txt").read_text("utf-8").splitlines()

EVERY_LAYOUT = pytest.mark.parametrize(
    ("layout", "mounted"), LAYOUTS.items(), ids=[layout.__name__ for layout in LAYOUTS]
)


@EVERY_LAYOUT
def test_statx_knows_mount_points(ground: Ground, layout: Callable[[Ground], Path], mounted: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """A file is a mount root exactly where something is mounted on that very file."""
    assert facts_at(layout(ground)).mount_root is mounted


def without_statx(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char], name: bytes = b"") -> None:
    """A kernel or a seccomp profile from before statx."""
    raise OSError(errno.ENOSYS, "statx")


def forbidden_statx(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char], name: bytes = b"") -> None:
    """What a seccomp profile from before statx answers."""
    raise OSError(errno.EPERM, "statx")


_real_statx = syscalls.statx


def statx_before_5_8(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char], name: bytes = b"") -> None:
    """A statx that does not know about mount roots."""
    _real_statx(fd, mask, buffer, name)
    struct.pack_into("=Q", buffer, 56, 0)


@EVERY_LAYOUT
@pytest.mark.parametrize("older", [without_statx, forbidden_statx, statx_before_5_8])
def test_fdinfo_says_the_same(
    ground: Ground,
    layout: Callable[[Ground], Path],
    mounted: bool,  # noqa: FBT001 - a parameter of the table
    older: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where statx cannot say it, the mount ids in fdinfo give the same answer."""
    path = layout(ground)
    by_statx = facts_at(path)
    monkeypatch.setattr(syscalls, "statx", older)
    assert facts_at(path) == by_statx
    assert by_statx.mount_root is mounted


def test_a_failing_statx_is_not_hidden(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any other error of statx is passed on."""
    path = plain(ground)

    def broken(fd: int, mask: int, buffer: ctypes.Array[ctypes.c_char], name: bytes = b"") -> None:
        raise OSError(errno.EIO, "statx")

    monkeypatch.setattr(syscalls, "statx", broken)
    with pytest.raises(OSError, match="statx"):
        facts_at(path)


def test_a_link_to_a_mount_point_is_none(ground: Ground) -> None:
    """A symbolic link is not a mount point; what it leads to is, and a save sees that."""
    mounted = file_bind(ground)
    link = ground.inside / "link.yaml"
    link.symlink_to(mounted)
    assert not facts_at(link).mount_root
    assert choice_at(link).code == "mount-point"


def test_a_directory_bind_is_a_mount_point_itself(ground: Ground) -> None:
    """Directories are told apart in the same way."""
    directory = nested_bind(ground).parent
    assert facts_at(directory).mount_root
    assert not facts_at(ground.inside).mount_root


def test_the_mount_is_found_by_its_id(ground: Ground) -> None:
    """Of two mounts on one path, the line of the one that is on top is found."""
    file_bind(ground)
    upper = ground.mounts.bind(ground.source("upper.yaml"), ground.inside / "a.yaml")
    found = mount_at(upper)
    assert found.root.endswith("/host/upper.yaml")
    assert found.mount_point == os.fspath(upper)


def test_an_unknown_mount_is_none() -> None:
    """A mount id that is not in the table (any more) has no line."""
    assert mounts.find_mount(1 << 40) is None


@pytest.mark.parametrize("flag", ["i", "a"])
def test_immutable_and_append_only_are_seen(ground: Ground, flag: str) -> None:
    """The flags that chattr sets are facts of the file."""
    path = ground.elsewhere / "a.yaml"
    path.touch()
    subprocess.run(["chattr", f"+{flag}", path], check=True)
    try:
        facts = facts_at(path)
    finally:
        subprocess.run(["chattr", f"-{flag}", path], check=True)
    assert (facts.immutable, facts.append_only) == (flag == "i", flag == "a")
    assert not facts_at(path).immutable


def test_names_come_out_of_the_escapes() -> None:
    """Space, tab and backslash are written as octal digits; other bytes as they are."""
    mount = mounts.parse_mount(LINES[0])
    assert mount.root == "/srv/stacks/26-escapes-in-paths/we ird\\na\tme ü#.yaml"
    assert mount.mount_point == "/con fig/a b.yaml"
    assert mount.line == LINES[0]


def test_a_mount_whose_source_was_replaced_is_deleted() -> None:
    """The root field of a stale mount ends in //deleted."""
    assert [mounts.parse_mount(line).deleted for line in LINES] == [False, True, False, False, False, False]


def test_the_mount_itself_may_be_read_only() -> None:
    """``ro`` among the mount's own options, not among the filesystem's."""
    assert [mounts.parse_mount(line).read_only for line in LINES] == [False, False, True, False, False, False]


def test_optional_fields_do_not_shift_the_rest() -> None:
    """Zero or more tags (shared:29, master:18) stand before the dash."""
    assert [mounts.parse_mount(line).fs_type for line in LINES] == ["ext4", "ext4", "ext4", "btrfs", "ext4", "overlay"]
    assert mounts.parse_mount(LINES[3]).root == "/@home/a.yaml"
    assert "subvol=/@home" in mounts.parse_mount(LINES[3]).super_options


@pytest.mark.parametrize("line", ["", "36 35 98:0 / /mnt", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw - ext4"])
def test_other_lines_are_an_error(line: str) -> None:
    """A line with too few fields is not a mount."""
    with pytest.raises(ValueError, match="not a mountinfo line"):
        mounts.parse_mount(line)


def test_every_line_of_this_machine_is_understood() -> None:
    """The kernel writes no line that we cannot read."""
    lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    for line in lines:
        found = mounts.find_mount(mounts.parse_mount(line).mount_id)
        assert found is not None
        assert found.line == line


def test_odd_names_survive_the_kernel(ground: Ground) -> None:
    """A file whose name holds all that the kernel escapes, and bytes that are no UTF-8, is found under its name."""
    name = os.fsdecode(b"a b\tc\nd\\e#f\xff.yaml")
    at = ground.mounts.bind(ground.source(name), ground.inside / name)
    found = mount_at(at)
    assert found.mount_point == os.fspath(at)
    assert found.root.endswith(f"/host/{name}")


def test_btrfs_devices_differ_from_mountinfo(ground: Ground, filesystem: Filesystem) -> None:
    """On btrfs st_dev is not the device of mountinfo: only the mount id leads to the right line."""
    source = filesystem("btrfs") / "a.yaml"
    source.touch()
    at = ground.mounts.bind(source, ground.inside / "a.yaml")
    found = mount_at(at)
    device = at.stat().st_dev
    assert found.line.split()[2] != f"{os.major(device)}:{os.minor(device)}"
    assert found.mount_point == os.fspath(at)
