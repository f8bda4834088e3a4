"""Several files that are not in one directory: of other roots, on other filesystems, in one that is gone."""

from __future__ import annotations

import errno
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from confkeep.documents.check import Validate
from confkeep.errors import ConfkeepError, IoError, MountedFile
from confkeep.expect import ANYTHING
from confkeep.files.root import Root
from confkeep.history.revisions import LIBRARY
from confkeep.keeper import Keeper, Request
from confkeep.transaction import Change, transact
from confkeep.writing import Writing
from tests.support.layouts import file_bind
from tests.support.looking import leftovers_in
from tests.support.mounting import fill
from tests.support.saving import open_intents
from tests.support.sites import in_a_child

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.written import Written
    from tests.support.fixtures import Filesystem, Small
    from tests.support.layouts import Ground

OLD, NEW = b"old: 1\n", b"NEW: 22\nMORE: 333\n"


@dataclass(frozen=True)
class Spread:
    """A file of the same name in each of these directories, each a root of its own."""

    directories: list[Path]
    state: Path
    new: bytes = NEW

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [directory / "a.yaml" for directory in self.directories]

    def begin(self) -> None:
        """OLD is in all of them."""
        for path in self.paths:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(OLD)

    def changes(self) -> list[Change]:
        """NEW to all of them."""
        roots = [Root(each.name, os.fspath(each)) for each in self.directories]
        return [Change(root, "a.yaml", self.new, ANYTHING, validate=Validate.OFF) for root in roots]

    def save(self, keeper: Keeper) -> None:
        """All of them."""
        transact(keeper, self.changes(), LIBRARY)

    def save_one(self, keeper: Keeper, data: bytes) -> None:
        """The first of them."""
        keeper.save(Root("first", os.fspath(self.directories[0])), "a.yaml", Request(data, ANYTHING))

    def present(self) -> list[bytes]:
        """What is in each of them."""
        return [path.read_bytes() for path in self.paths]


@pytest.fixture
def spread(disk: Path, state: Path) -> Spread:
    """Three directories."""
    made = Spread([disk / "1", disk / "2", disk / "3"], state)
    made.begin()
    return made


def killed_before_the_last(spread: Spread) -> None:
    """All but the last one are published."""

    def attempt() -> None:
        publish = Writing.publish

        def until_then(self: Writing) -> Written:
            if self.plan.target.path == os.fspath(spread.paths[-1]):
                os.kill(os.getpid(), signal.SIGKILL)
            return publish(self)

        with Keeper(spread.state) as keeper, pytest.MonkeyPatch.context() as patch:
            patch.setattr(Writing, "publish", until_then)
            spread.save(keeper)

    assert in_a_child(attempt) is None
    assert spread.present() == [NEW] * (len(spread.paths) - 1) + [OLD]


def test_other_roots(spread: Spread) -> None:
    """All of them are saved, and the same name in another directory is another file."""
    with Keeper(spread.state) as keeper:
        spread.save(keeper)
        assert spread.present() == [NEW] * 3
        assert open_intents(keeper) == 0


def test_other_filesystems(filesystem: Filesystem, state: Path) -> None:
    """Also where no rename leads from one to the other."""
    spread = Spread([filesystem(name) / "config" for name in ("ext4", "xfs", "btrfs", "tmpfs", "overlay")], state)
    spread.begin()
    with Keeper(state) as keeper:
        spread.save(keeper)
        assert spread.present() == [NEW] * 5
    killed = Spread(spread.directories, state)
    killed.begin()
    killed_before_the_last(killed)
    with Keeper(state) as keeper:
        assert all(each.settled for each in keeper.recover())
    assert killed.present() == [NEW] * 5


def test_one_filesystem_is_full(small: Small, disk: Path, state: Path) -> None:
    """The file on it cannot grow: nothing is changed anywhere, and nothing left over."""
    full = small("ext4", 16)
    spread = Spread([disk / "1", full / "2"], state, new=b"#" * 100_000)
    spread.begin()
    fill(full)
    with Keeper(state) as keeper:
        with pytest.raises(ConfkeepError) as caught:
            spread.save(keeper)
        assert caught.value.slug == "out-of-space"
        assert open_intents(keeper) == 0
    assert spread.present() == [OLD, OLD]
    assert [leftovers_in(directory) for directory in spread.directories] == [[], []]


def test_killed_between_two_roots(spread: Spread) -> None:
    """The next start completes them."""
    killed_before_the_last(spread)
    with Keeper(spread.state) as keeper:
        assert [each.settled for each in keeper.recover()] == [True] * 3
    assert spread.present() == [NEW] * 3


def test_a_directory_that_is_gone(spread: Spread) -> None:
    """A volume that is not there: all of it stays open and says so; a later save of another member says why not."""
    killed_before_the_last(spread)
    away = spread.directories[-1].rename(spread.directories[-1].with_name("away"))
    with Keeper(spread.state) as keeper:
        told = keeper.recover()
        assert [each.settled for each in told] == [False] * 3
        assert all(os.fspath(spread.directories[-1]) in each.detail for each in told)
        with pytest.raises(IoError) as caught:
            spread.save_one(keeper, b"x: 1\n")
        assert os.fspath(spread.paths[0]) in caught.value.detail
        assert os.fspath(spread.directories[-1]) in caught.value.detail
        assert caught.value.remedy
        assert spread.paths[0].read_bytes() == NEW
        away.rename(spread.directories[-1])
        spread.save_one(keeper, b"x: 1\n")
        assert spread.present() == [b"x: 1\n", NEW, NEW]
        assert open_intents(keeper) == 0


def test_a_member_that_is_a_directory_now(spread: Spread) -> None:
    """What cannot be repaired keeps the others open with it, until it can."""
    killed_before_the_last(spread)
    spread.paths[-1].unlink()
    spread.paths[-1].mkdir()
    with Keeper(spread.state) as keeper:
        assert [each.settled for each in keeper.recover()] == [False] * 3
        with pytest.raises(ConfkeepError, match=r"3/a\.yaml"):
            spread.save_one(keeper, b"x: 1\n")
        spread.paths[-1].rmdir()
        spread.paths[-1].write_bytes(OLD)
        assert [each.settled for each in keeper.recover()] == [True] * 3
    assert spread.present() == [NEW] * 3


def test_it_cannot_be_put_back_now(spread: Spread, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of a published file fails: the answer says that it is open, and the next start puts it back."""
    publish = Writing.publish

    def fails(self: Writing) -> Written:
        if self.plan.target.path == os.fspath(spread.paths[-1]):
            broken.setattr("confkeep.recovery.stage", _fail)
            _fail()
        return publish(self)

    monkeypatch.setattr(Writing, "publish", fails)
    with Keeper(spread.state) as keeper, pytest.MonkeyPatch.context() as broken:
        with pytest.raises(IoError, match="could not be put back"):
            spread.save(keeper)
        assert open_intents(keeper) == 3
        with pytest.raises((ConfkeepError, OSError)):
            spread.save_one(keeper, b"x: 1\n")
    with Keeper(spread.state) as keeper:
        assert [each.settled for each in keeper.recover()] == [True] * 3
    assert spread.present() == [OLD] * 3


def _fail(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_mount_point_is_not_removed(ground: Ground, spread: Spread) -> None:
    """It is refused before anything else is done."""
    path = file_bind(ground)
    path.write_bytes(OLD)
    removal = Change(Root("bound", os.fspath(path)), path.name, None, ANYTHING)
    with Keeper(spread.state) as keeper:
        with pytest.raises(MountedFile) as caught:
            transact(keeper, [*spread.changes(), removal], LIBRARY)
        assert caught.value.slug == "mounted-file"
        assert open_intents(keeper) == 0
    assert spread.present() == [OLD] * 3
    assert path.read_bytes() == OLD


def test_a_mount_point_is_written(ground: Ground, spread: Spread) -> None:
    """In place, beside files that are replaced."""
    path = file_bind(ground)
    path.write_bytes(OLD)
    bound = Change(Root("bound", os.fspath(path)), path.name, NEW, ANYTHING, validate=Validate.OFF)
    with Keeper(spread.state) as keeper:
        *_, last = transact(keeper, [*spread.changes(), bound], LIBRARY)
    assert last.route.code == "mount-point"
    assert spread.present() == [NEW] * 3
    assert path.read_bytes() == NEW
