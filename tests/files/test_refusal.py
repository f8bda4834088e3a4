"""confkeep.files.refusal: why a target cannot be written, with evidence and remedy, before the first byte."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import NoPermission, NotARegularFile, ReadOnly, Refused, StaleMount
from tests.support.layouts import file_bind
from tests.support.looking import choice_at, looking, mount_at, refusal_at
from tests.support.mounting import run
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.layouts import Ground
    from tests.support.mounting import Mounts


def rule(refusal: Refused) -> object:
    """The doctor's rule that explains it."""
    return refusal.members.get("rule")


def test_a_read_only_mount_is_named(ground: Ground) -> None:
    """A read-only file bind: the reason is the mount, not that the file is busy."""
    mounted = ground.mounts.bind(ground.source(), ground.inside / "a.yaml", read_only=True)
    refusal = refusal_at(mounted)
    assert isinstance(refusal, ReadOnly)
    assert rule(refusal) == "MNT009"
    assert refusal.members["evidence"] == mount_at(mounted).line
    assert f"({mounted})" in refusal.detail
    assert ":ro" in refusal.remedy


def test_a_read_only_directory_mount_is_named(ground: Ground) -> None:
    """The same for a file in a read-only directory bind, and for one that would be new there."""
    ground.source()
    directory = ground.mounts.bind(ground.host, ground.inside / "config", read_only=True)
    for name in ("a.yaml", "new.yaml"):
        refusal = refusal_at(directory / name)
        assert isinstance(refusal, ReadOnly)
        assert rule(refusal) == "MNT009"
        assert f"({directory})" in refusal.detail


def test_a_read_only_filesystem_is_not_blamed_on_the_mount(small: Small) -> None:
    """A filesystem that is read-only itself (as after an error of its disk) has another remedy."""
    directory = small("ext4", 16)
    (directory / "a.yaml").touch()
    run("mount", "-o", "remount,ro", directory)
    bound = refusal_at(directory / "a.yaml")
    assert isinstance(bound, ReadOnly)
    # mount(8) made both read-only; undo the mount's own flag alone
    run("mount", "-o", "remount,bind,rw", directory)
    refusal = refusal_at(directory / "a.yaml")
    assert isinstance(refusal, ReadOnly)
    assert rule(refusal) is None
    assert "read-only ext4 filesystem" in refusal.detail


def test_the_read_only_root_of_a_container(
    mounts: Mounts, public: Path, filesystem: Filesystem, as_user: AsUser
) -> None:
    """In a container whose root filesystem is read-only, that is the reason."""
    layers = filesystem("ext4")
    (layers / "lower/proc").mkdir(parents=True)
    (layers / "lower/a.yaml").touch()
    root = mounts.overlay(public / "root", layers)
    mounts.mount(root / "proc", "-t", "proc", "proc")
    run("mount", "-o", "remount,bind,ro", root)
    for name in ("/a.yaml", "/new.yaml"):
        refusal = as_user(0, partial(refusal_at, Path(name)), root=root)
        assert isinstance(refusal, ReadOnly)
        assert rule(refusal) == "MNT010"
        assert " / / ro" in refusal.members["evidence"]


def test_a_stale_mount_is_refused(ground: Ground) -> None:
    """The host renamed a new file over the source: what would be written here is lost."""
    mounted = file_bind(ground)
    ground.source("new.yaml").rename(ground.host / "a.yaml")
    refusal = refusal_at(mounted)
    assert isinstance(refusal, StaleMount)
    assert rule(refusal) == "MNT002"
    assert "//deleted" in refusal.members["evidence"]
    assert "restart the container" in refusal.remedy


def test_a_stale_mount_with_another_link_is_refused(ground: Ground) -> None:
    """The old inode has a second name somewhere, so its link count says nothing; the mount table does."""
    mounted = file_bind(ground)
    (ground.host / "kept.yaml").hardlink_to(ground.host / "a.yaml")
    ground.source("new.yaml").rename(ground.host / "a.yaml")
    assert mounted.stat().st_nlink == 1
    assert isinstance(refusal_at(mounted), StaleMount)


def test_a_removed_source_is_refused(ground: Ground) -> None:
    """The host removed the source."""
    mounted = file_bind(ground)
    (ground.host / "a.yaml").unlink()
    assert isinstance(refusal_at(mounted), StaleMount)


def test_a_renamed_source_is_not_refused(ground: Ground) -> None:
    """A root field that merely changed is no proof: renaming a parent directory does that too."""
    mounted = file_bind(ground)
    ground.host.rename(ground.host.with_name("moved"))
    assert choice_at(mounted).code == "mount-point"


def test_a_file_in_a_removed_directory_mount(ground: Ground) -> None:
    """The host removed the mounted directory: a new file in it would be lost."""
    gone = ground.host / "gone"
    gone.mkdir()
    directory = ground.mounts.bind(gone, ground.inside / "config")
    gone.rmdir()
    refusal = refusal_at(directory / "a.yaml")
    assert isinstance(refusal, StaleMount)
    assert rule(refusal) == "MNT004"


def test_stale_comes_before_read_only(ground: Ground) -> None:
    """Of two reasons the more telling one is given: making a stale mount writable would not help."""
    mounted = ground.mounts.bind(ground.source(), ground.inside / "a.yaml", read_only=True)
    ground.source("new.yaml").rename(ground.host / "a.yaml")
    assert isinstance(refusal_at(mounted), StaleMount)


@pytest.mark.parametrize(("flag", "word"), [("i", "immutable"), ("a", "append-only")])
def test_flags_of_the_file(ground: Ground, flag: str, word: str) -> None:
    """Immutable and append-only files: the remedy is the chattr command."""
    path = ground.elsewhere / "a.yaml"
    path.touch()
    subprocess.run(["chattr", f"+{flag}", path], check=True)
    try:
        refusal = refusal_at(path)
    finally:
        subprocess.run(["chattr", f"-{flag}", path], check=True)
    assert isinstance(refusal, ReadOnly)
    assert word in refusal.detail
    assert refusal.remedy == f"chattr -{flag} {path}"
    choice_at(path)


@pytest.mark.parametrize(
    ("mode", "word"),
    [(stat.S_IFDIR, "a directory"), (stat.S_IFIFO, "a FIFO"), (stat.S_IFCHR, "a character device"),
     (stat.S_IFBLK, "a block device"), (stat.S_IFSOCK, "a socket")],
)  # fmt: skip
def test_only_regular_files(public: Path, as_user: AsUser, mode: int, word: str) -> None:
    """Anything else is named for what it is, and not opened."""
    path = public / "x"
    if mode == stat.S_IFDIR:
        path.mkdir()
    elif mode == stat.S_IFSOCK:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fspath(path))
    else:
        os.mknod(path, mode | 0o600, os.makedev(1, 3))
    refusal = refusal_at(path)
    assert isinstance(refusal, NotARegularFile)
    assert word in refusal.detail


def test_no_permission_names_the_owner(public: Path, as_user: AsUser) -> None:
    """A file that this user may not write: whose it is, and whom to run as."""
    path = public / "a.yaml"
    path.touch(0o644)
    os.chown(path, OTHER, OTHER)
    refusal = as_user(STRANGER, lambda: refusal_at(path))
    assert isinstance(refusal, NoPermission)
    assert rule(refusal) == "MNT019"
    assert f"uid {OTHER}" in refusal.remedy
    as_user(0, lambda: choice_at(path))


def test_no_permission_to_create(public: Path, as_user: AsUser) -> None:
    """A new file in a directory that this user may not write."""
    refusal = as_user(STRANGER, lambda: refusal_at(public / "new.yaml"))
    assert isinstance(refusal, NoPermission)
    assert rule(refusal) == "MNT019"


def test_the_effective_user_counts(public: Path, as_user: AsUser) -> None:
    """A mode that grants writing by group or others is enough."""
    path = public / "a.yaml"
    path.touch()
    path.chmod(0o662)
    assert as_user(STRANGER, lambda: choice_at(path)).code == "closed-directory"


def test_every_refusal_has_a_remedy(ground: Ground) -> None:
    """Each says what the reader can do."""
    directory = ground.host / "directory"
    directory.mkdir()
    with looking(directory) as target:
        assert target.refusal is not None
        assert target.refusal.remedy
        assert target.refusal.detail.startswith(os.fspath(directory))
