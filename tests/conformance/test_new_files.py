"""New files: they are what any program's new file is there, whoever saves. Nothing of it is confkeep's decision."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import Conflict
from confkeep.expect import ABSENT
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.conformance.attributes import (
    ACCESS,
    DEFAULT,
    GROUP,
    MASK,
    OTHERS,
    OWNER,
    USER,
    acl,
    attributes,
    set_flags,
    set_more,
)
from tests.support.saving import NEW, only
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser, Filesystem

UMASKS = (0o000, 0o002, 0o022, 0o077, 0o177)


@dataclass(frozen=True, slots=True)
class Directory:
    """A kind of directory; ``flags`` are those (chattr) that a new file takes over from it."""

    name: str
    acl: bytes | None = None
    setgid: bool = False
    flags: str = ""
    project: int = 0

    def make(self, at: Path, uid: int) -> None:
        """One that belongs to ``uid``."""
        at.mkdir()
        os.chown(at, uid, OTHER if self.setgid else uid)
        at.chmod(0o2755 if self.setgid else 0o755)
        if self.acl is not None:
            os.setxattr(at, DEFAULT, self.acl)
        if self.flags:
            set_flags(at, self.flags)
        if self.project:
            set_more(at, project=self.project, flags=_PROJECT_OF_THE_DIRECTORY)


_PROJECT_OF_THE_DIRECTORY = 0x200  # FS_XFLAG_PROJINHERIT
KINDS = (
    Directory("plain"),
    Directory("setgid", setgid=True),
    Directory("default acl", acl=acl((OWNER, 7), (USER, 6, OTHER), (GROUP, 5), (MASK, 7), (OTHERS, 0))),
    Directory("closed default acl", acl=acl((OWNER, 6), (USER, 4, OTHER), (GROUP, 0), (MASK, 4), (OTHERS, 0))),
    Directory("short default acl", acl=acl((OWNER, 6), (GROUP, 4), (OTHERS, 4))),
    Directory("both", acl=acl((OWNER, 7), (USER, 7, OTHER), (GROUP, 7), (MASK, 7), (OTHERS, 5)), setgid=True),
)
FLAGGED = {"ext4": "SdA", "xfs": "SdA", "btrfs": "cC", "tmpfs": "dA", "overlay": "SdA"}


def kinds(on: str) -> list[Directory]:
    """Those that a filesystem can have."""
    flagged = [Directory(f"+{letter}", flags=letter) for letter in FLAGGED[on]]
    return [*KINDS, *flagged, *([Directory("project", project=42)] if on == "xfs" else [])]


def _create_all(directories: list[Path], state: Path) -> None:
    with Keeper(state) as keeper:
        for directory in directories:
            root = Root("config", os.fspath(directory))
            for umask in UMASKS:
                before = os.umask(umask)
                name = f"{umask:03o}"
                saved = keeper.save(root, f"saved-{name}", Request(NEW, ABSENT))
                os.close(os.open(directory / f"plain-{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                os.umask(before)
                assert (saved.created, saved.route.code) == (True, "new-file")
                assert saved.guarantees.metadata_kept


@pytest.mark.parametrize("uid", [0, STRANGER], ids=["root", "user"])
def test_a_new_file_is_like_any(on: str, uid: int, filesystem: Filesystem, public: Path, as_user: AsUser) -> None:
    """Umask, default ACL, group of a setgid directory, inherited flags: as of a file that open(2) makes beside it."""
    base = filesystem(on)
    base.chmod(0o755)
    directories = {kind: base / kind.name for kind in kinds(on)}
    for kind, directory in directories.items():
        kind.make(directory, uid)
    (public / "state").mkdir()
    os.chown(public / "state", uid, uid)
    as_user(uid, partial(_create_all, list(directories.values()), public / "state"))
    names = [f"{umask:03o}" for umask in UMASKS]
    files = [
        (directory / f"saved-{name}", directory / f"plain-{name}")
        for directory in directories.values()
        for name in names
    ]
    assert {saved: attributes(saved) for saved, _ in files} == {saved: attributes(plain) for saved, plain in files}
    assert {saved.read_bytes() for saved, _ in files} == {NEW}
    # The table is no good unless these make a difference.
    modes = [attributes(base / "plain" / f"saved-{name}").mode for name in names]
    assert modes == ["0666", "0664", "0644", "0600", "0600"]
    assert attributes(base / "setgid" / "saved-022").gid == OTHER
    assert ACCESS in attributes(base / "default acl" / "saved-077").xattrs
    assert all(letter in attributes(base / f"+{letter}" / "saved-022").flags for letter in FLAGGED[on])
    assert {len(os.listdir(directory)) for directory in directories.values()} == {2 * len(UMASKS)}


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_nobody_reads_it_before_it_is_there(
    on: str, umask: int, filesystem: Filesystem, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary file is never open to more users than the file it becomes."""
    directory = filesystem(on)
    real = os.pwrite
    seen: list[int] = []

    def spied(fd: int, data: bytes, offset: int) -> int:
        seen.extend(stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir() if path.name != "a.yaml")
        return real(fd, data, offset)

    before = os.umask(umask)
    try:
        with Keeper(state) as keeper:
            monkeypatch.setattr(os, "pwrite", spied)
            root = Root("config", os.fspath(directory))
            keeper.save(root, "a.yaml", Request(NEW, ABSENT))
            assert set(seen) == {0o666 & ~umask}
            seen.clear()
            (directory / "a.yaml").chmod(0o400)
            keeper.save(root, "a.yaml", Request(b"secret: 1\n", only(NEW)))
            assert seen
            assert set(seen) == {0o600 & ~umask}
    finally:
        os.umask(before)


def test_a_dangling_link_creates_what_it_leads_to(on: str, filesystem: Filesystem, state: Path) -> None:
    """The link stays, and leads to the new file; it is created there once."""
    directory = filesystem(on)
    (directory / "below").mkdir()
    (directory / "link.yaml").symlink_to("below/real.yaml")
    root = Root("config", os.fspath(directory))
    with Keeper(state) as keeper:
        saved = keeper.save(root, "link.yaml", Request(NEW, ABSENT))
        assert (saved.created, saved.path) == (True, os.fspath(directory / "below/real.yaml"))
        with pytest.raises(Conflict):
            keeper.save(root, "link.yaml", Request(b"x: 1\n", ABSENT))
        with pytest.raises(Conflict):
            keeper.save(root, "below/real.yaml", Request(b"x: 1\n", ABSENT))
        assert len(keeper.history(root, "link.yaml", 10)) == 1
    assert os.readlink(directory / "link.yaml") == "below/real.yaml"
    assert (directory / "below/real.yaml").read_bytes() == NEW
    assert os.listdir(directory / "below") == ["real.yaml"]
    assert sorted(os.listdir(directory)) == ["below", "link.yaml"]
