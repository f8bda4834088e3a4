"""Closed directories: the file can be written and its directory cannot. Then it is written in place, and nothing else.

That a file is new there is refused, with the reason; and once the directory is open, files in it are replaced again.
"""

from __future__ import annotations

import ctypes
import os
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.errors import ConfkeepError, NoPermission, ReadOnly
from confkeep.expect import ABSENT
from confkeep.files.root import Root
from confkeep.keeper import Keeper, Request
from tests.conformance.attributes import (
    ACCESS,
    GROUP,
    MASK,
    OTHERS,
    OWNER,
    USER,
    acl,
    attributes,
    clear_flags,
    set_flags,
)
from tests.conformance.traces import traces
from tests.support.mounting import Mounts, run
from tests.support.saving import NAME, NEW, OLD, only
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from confkeep.saved import Saved
    from tests.support.fixtures import AsUser, Filesystem


@dataclass(frozen=True, slots=True)
class Ground:
    """``directory`` holds a file with OLD in it that ``uid`` may write."""

    directory: Path
    state: Path
    as_user: AsUser
    uid: int

    def try_save(self, data: bytes = NEW, old: bytes = OLD) -> Saved:
        """Save to the file."""
        return self.as_user(self.uid, partial(_save, self, NAME, Request(data, only(old))))

    def try_create(self) -> Saved:
        """Create another one."""
        return self.as_user(self.uid, partial(_save, self, "new.yaml", Request(NEW, ABSENT)))


def _save(ground: Ground, name: str, request: Request) -> Saved:
    with Keeper(ground.state) as keeper:
        return keeper.save(Root("config", os.fspath(ground.directory)), name, request)


@pytest.fixture(params=[0, STRANGER], ids=["root", "user"])
def uid(request: pytest.FixtureRequest) -> int:
    """The superuser, and somebody else."""
    return int(request.param)


@pytest.fixture
def ground(on: str, uid: int, filesystem: Filesystem, public: Path, as_user: AsUser) -> Ground:
    """An open directory that belongs to that user."""
    base = filesystem(on)
    base.chmod(0o755)
    directory = base / "config"
    directory.mkdir()
    (directory / NAME).write_bytes(OLD)
    (public / "state").mkdir()
    for path in (directory, directory / NAME, public / "state"):
        os.chown(path, uid, uid)
    return Ground(directory, public / "state", as_user, uid)


def check(ground: Ground, code: str = "closed-directory") -> None:
    """It is written in place, with all guarantees, and its directory is not touched at all."""
    path = ground.directory / NAME
    before, (around, *_) = attributes(path), traces(ground.directory)
    inode = path.stat().st_ino
    saved = ground.try_save()
    assert (saved.route.name, saved.route.code) == ("overwrite", code)
    assert saved.guarantees.inode_kept
    assert saved.guarantees.metadata_kept
    assert path.read_bytes() == NEW
    assert (path.stat().st_ino, attributes(path)) == (inode, before)
    assert traces(ground.directory)[0] == around
    assert ground.try_save(OLD, NEW).route == saved.route


def check_open(ground: Ground) -> None:
    """As soon as the directory is open, the file is replaced, and others are created."""
    assert ground.try_save().route.code == "ordinary-file"
    assert ground.try_create().created
    assert sorted(os.listdir(ground.directory)) == [NAME, "new.yaml"]


def check_no_creating(ground: Ground, error: type[ConfkeepError], *words: str) -> None:
    """A new file is refused, for the reason that closes the directory; nothing is left."""
    before = traces(ground.directory)
    with pytest.raises(error) as caught:
        ground.try_create()
    assert type(caught.value) is error
    for word in words:
        assert word in f"{caught.value.detail} | {caught.value.remedy}"
    assert traces(ground.directory) == before


@pytest.mark.parametrize(("flag", "word"), [("i", "immutable"), ("a", "append-only")])
def test_a_directory_with_a_flag(ground: Ground, flag: str, word: str) -> None:
    """By chattr +i nothing can be made, by +a what is made can be neither renamed nor removed; by root neither."""
    set_flags(ground.directory, flag)
    try:
        check(ground)
        check_no_creating(ground, ReadOnly, word, f"chattr -{flag} {ground.directory}")
    finally:
        clear_flags(ground.directory, flag)
    check_open(ground)


def test_a_read_only_directory_with_a_writable_file(ground: Ground, mounts: Mounts, public: Path) -> None:
    """``-v ./conf:/config:ro -v ./a.yaml:/config/a.yaml``: the one file can be saved."""
    at = mounts.bind(ground.directory, public / "config", read_only=True)
    source = ground.directory.parent / "a.yaml"
    source.write_bytes(OLD)
    os.chown(source, ground.uid, ground.uid)
    mounts.bind(source, at / NAME)
    inside = Ground(at, ground.state, ground.as_user, ground.uid)
    check(inside, "mount-point")
    assert source.read_bytes() == OLD
    assert (ground.directory / NAME).read_bytes() == OLD
    check_no_creating(inside, ReadOnly, "read-only mount", "drop ':ro'")
    run("mount", "-o", "remount,bind,rw", at)
    assert inside.try_create().created


@pytest.mark.parametrize("uid", [STRANGER], indirect=True)
@pytest.mark.parametrize(
    ("owner", "mode"),
    [(OTHER, 0o755), (0, 0o755), (OTHER, 0o775), (STRANGER, 0o555), (STRANGER, 0o300), (OTHER, 0o1755)],
)  # fmt: skip
def test_a_directory_that_is_not_ours_to_write(ground: Ground, owner: int, mode: int) -> None:
    """Another's, or our own without the permission; one that we may not list counts as closed, too."""
    os.chown(ground.directory, owner, owner)
    ground.directory.chmod(mode)
    check(ground)
    check_no_creating(ground, NoPermission, "its directory is closed", f"uid {STRANGER}")
    os.chown(ground.directory, STRANGER, STRANGER)
    ground.directory.chmod(0o700)
    check_open(ground)


@pytest.mark.parametrize("uid", [STRANGER], indirect=True)
def test_a_directory_that_a_list_closes(ground: Ground) -> None:
    """The mode says that everybody may write; its ACL says that we may not."""
    os.chown(ground.directory, OTHER, OTHER)
    closing = acl((OWNER, 7), (USER, 5, STRANGER), (GROUP, 7), (MASK, 7), (OTHERS, 7))
    os.setxattr(ground.directory, ACCESS, closing)
    check(ground)
    check_no_creating(ground, NoPermission, "its directory is closed")
    os.removexattr(ground.directory, ACCESS)
    ground.directory.chmod(0o777)
    check_open(ground)


@pytest.mark.parametrize("uid", [STRANGER], indirect=True)
def test_a_sticky_directory(ground: Ground) -> None:
    """Like /tmp: others' files in it cannot be replaced, our own can, and anybody may create."""
    path = ground.directory / NAME
    os.chown(ground.directory, 0, 0)
    ground.directory.chmod(0o1777)
    os.chown(path, OTHER, OTHER)
    path.chmod(0o666)
    saved = ground.try_save()
    assert (saved.route.name, saved.route.code) == ("overwrite", "closed-directory")
    assert (path.read_bytes(), path.stat().st_uid) == (NEW, OTHER)
    assert ground.try_create().created
    os.chown(path, STRANGER, STRANGER)
    assert ground.try_save(OLD, NEW).route.code == "ordinary-file"
    assert sorted(os.listdir(ground.directory)) == [NAME, "new.yaml"]


_CAP_DAC_OVERRIDE, _CAP_FOWNER = 1, 3


def _without(*capabilities: int) -> None:
    """Give up some of root's capabilities, as ``cap_drop`` does."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", 0x20080522, 0)
    words = ctypes.create_string_buffer(24)
    assert libc.capget(header, words) == 0
    low = sum(1 << capability for capability in capabilities)
    sets = [word & ~low if number < 3 else word for number, word in enumerate(struct.unpack("=6I", words.raw))]
    assert libc.capset(header, struct.pack("=6I", *sets)) == 0


@contextmanager
def _root_without(ground: Ground, *capabilities: int) -> Generator[Ground]:
    def as_user(uid: int, call: Any) -> Any:  # noqa: ANN401 - passed on
        def call_without() -> Any:  # noqa: ANN401 - passed on
            _without(*capabilities)
            return call()

        return ground.as_user(uid, call_without)

    yield Ground(ground.directory, ground.state, as_user, ground.uid)  # type: ignore[arg-type]


@pytest.mark.parametrize("uid", [0], indirect=True)
def test_root_in_a_sticky_directory_without_its_capability(ground: Ground) -> None:
    """cap_drop FOWNER: root is bound to the sticky bit as anybody, so others' files are written in place there."""
    path = ground.directory / NAME
    for name in (ground.directory, path):
        os.chown(name, OTHER, OTHER)
    ground.directory.chmod(0o1777)
    path.chmod(0o666)
    with _root_without(ground, _CAP_FOWNER) as less:
        saved = less.try_save()
    assert saved.route.name == "overwrite"
    assert (path.read_bytes(), path.stat().st_uid) == (NEW, OTHER)
    assert os.listdir(ground.directory) == [NAME]
    assert ground.try_save(OLD, NEW).route.code == "ordinary-file"


@pytest.mark.parametrize("uid", [0], indirect=True)
def test_root_in_anothers_directory_without_its_capability(ground: Ground) -> None:
    """cap_drop DAC_OVERRIDE: root may write its own file, and not the directory of another user."""
    os.chown(ground.directory, OTHER, OTHER)
    with _root_without(ground, _CAP_DAC_OVERRIDE) as less:
        check(less)
        check_no_creating(less, NoPermission, "its directory is closed", "uid 0")
    check_open(ground)
