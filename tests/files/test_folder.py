"""confkeep.files.folder: a whole folder, built beside its place and brought there at once."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from confkeep.errors import (
    AlreadyExists,
    Conflict,
    IoError,
    NoPermission,
    NotADirectory,
    OutOfSpace,
    ReadOnly,
    StaleMount,
)
from confkeep.files import dress, folder, leftovers, syscalls
from confkeep.files.place import Place, at
from tests.support.faults import failing, raising
from tests.support.folders import NEW, OLD, building, flagged, publish, read, write
from tests.support.looking import leftovers_in, opened
from tests.support.mounting import FILESYSTEMS, fill, run
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser, Filesystem, Small


@pytest.fixture
def old(disk: Path) -> Path:
    """A folder that holds OLD, the only thing in its directory."""
    (disk / "in").mkdir()
    return write(disk / "in" / "conf", OLD)


def sweep(directory: Path) -> list[str]:
    """Sweep one directory; what was removed."""
    with opened(directory, os.O_RDONLY) as fd:
        return leftovers.sweep(fd).removed


def alone(path: Path) -> bool:
    """Whether nothing else is beside it."""
    return os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_folder_is_replaced_whole(filesystem: Filesystem, name: str) -> None:
    """All that was there is gone, all that was built is there, in one step, and nothing else is left."""
    path = write(filesystem(name) / "conf", OLD)
    published = publish(path)
    assert read(path) == NEW
    assert alone(path)
    assert not published.created
    assert published.guarantees == folder.WHOLE
    assert published.notes == ()


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_folder_is_created(filesystem: Filesystem, name: str, overwrite: bool) -> None:  # noqa: FBT001 - a case
    """Where nothing was the kernel decides that nothing is replaced."""
    path = filesystem(name) / "conf"
    published = publish(path, overwrite=overwrite)
    assert read(path) == NEW
    assert alone(path)
    assert published.created
    assert published.guarantees.compare_and_swap
    assert published.notes == ()


@pytest.mark.parametrize("files", [{}, OLD])
@pytest.mark.parametrize("name", FILESYSTEMS)
def test_a_folder_that_is_there_stays(filesystem: Filesystem, name: str, files: dict[str, bytes]) -> None:
    """Without overwrite even an empty one is kept, and what was built is removed."""
    path = write(filesystem(name) / "conf", files)
    with pytest.raises(AlreadyExists):
        publish(path, overwrite=False)
    assert read(path) == files
    assert alone(path)


def test_what_comes_while_building_counts(disk: Path) -> None:
    """Whether something is there is decided when the folder is published."""
    path = disk / "conf"
    for overwrite in (True, False):
        with building(path, overwrite=overwrite) as made:
            path.mkdir()
            if overwrite:
                assert not made.publish().created
            else:
                with pytest.raises(AlreadyExists):
                    made.publish()
        path.rmdir()
    write(path, OLD)
    with building(path, overwrite=False) as made:
        path.rename(disk / "away")
        assert made.publish().created


@pytest.mark.parametrize("files", [{}, OLD])
def test_an_empty_folder_is_a_folder(old: Path, files: dict[str, bytes]) -> None:
    """Nothing in it is what was built, too; and what is empty is replaced."""
    publish(old, {})
    assert read(old) == {}
    publish(old, files)
    assert read(old) == files


def test_the_old_folder_is_there_while_the_new_is_built(old: Path) -> None:
    """Nobody sees anything of the new one but a temporary name, which is closed to others."""
    with building(old) as made:
        write(Path(made.path), NEW)
        assert read(old) == OLD
        assert leftovers_in(old.parent) == [os.path.basename(made.path)]
        assert leftovers.is_temporary(os.path.basename(made.path))
        assert stat.S_IMODE(os.stat(made.path).st_mode) & 0o777 == 0o700


def test_a_discarded_building_leaves_nothing(old: Path) -> None:
    """However often, and whatever modes are in it."""
    with building(old) as made:
        inner = write(Path(made.path), NEW) / "next"
        inner.chmod(0)
        made.discard()
        made.discard()
    assert read(old) == OLD
    assert alone(old)


def test_directories_closed_to_their_owner_are_removed(public: Path, as_user: AsUser) -> None:
    """A user who took away his own permissions gets rid of his tree all the same."""
    public.chmod(0o777)

    def attempt() -> None:
        with building(public / "conf") as made:
            inner = write(Path(made.path), NEW) / "next"
            (inner / "deep").chmod(0)
            inner.chmod(0o500)

    as_user(STRANGER, attempt)
    assert os.listdir(public) == []


def test_links_to_folders_are_kept(old: Path) -> None:
    """A link is followed: its destination is replaced, or created where it dangles."""
    link = old.parent / "link"
    link.symlink_to("conf")
    publish(link)
    assert link.is_symlink()
    assert read(old) == NEW
    dangling = old.parent / "dangling"
    dangling.symlink_to("later")
    assert publish(dangling).created
    assert read(old.parent / "later") == NEW


def test_what_is_built_may_hold_anything(old: Path) -> None:
    """Links that lead out, FIFOs and odd names are published as they are, and no link is followed when they go."""
    kept = write(old.parent / "kept", OLD)
    for _ in range(2):
        with building(old) as made:
            inside = Path(made.path)
            (inside / "out").symlink_to(kept)
            os.mkfifo(inside / "fifo")
            (inside / "b\udcff d").touch()
            made.publish()
    assert sorted(os.listdir(old)) == ["b\udcff d", "fifo", "out"]
    publish(old)
    assert read(kept) == OLD


@pytest.mark.parametrize("overwrite", [True, False])
def test_only_a_folder_is_replaced(disk: Path, overwrite: bool) -> None:  # noqa: FBT001 - a case
    """A file or a FIFO is refused before anything is built, or kept like anything that is there."""
    (disk / "file").write_bytes(b"mine")
    os.mkfifo(disk / "fifo")
    for path in (disk / "file", disk / "fifo"):
        with pytest.raises(NotADirectory if overwrite else AlreadyExists):
            publish(path, overwrite=overwrite)
    assert sorted(os.listdir(disk)) == ["fifo", "file"]
    assert (disk / "file").read_bytes() == b"mine"


def test_a_file_that_came_meanwhile_is_kept(disk: Path) -> None:
    """What is not a folder is not replaced when it came while the folder was built."""
    path = disk / "conf"
    with building(path) as made:
        path.write_bytes(b"mine")
        with pytest.raises(NotADirectory):
            made.publish()
    assert path.read_bytes() == b"mine"
    assert alone(path)


def test_a_file_that_comes_at_the_exchange_gets_its_place_back(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even between the last look and the exchange."""
    exchange = syscalls.rename_exchange

    def after_an_edit(directory: int, one: str, other: str) -> None:
        monkeypatch.setattr(syscalls, "rename_exchange", exchange)
        old.rename(old.parent.parent / "away")
        old.write_bytes(b"mine")
        exchange(directory, one, other)

    monkeypatch.setattr(syscalls, "rename_exchange", after_an_edit)
    with pytest.raises(NotADirectory):
        publish(old)
    assert old.read_bytes() == b"mine"
    assert alone(old)


def test_a_building_that_was_removed_is_an_error(old: Path) -> None:
    """Somebody took away what was built: the old folder is still there."""
    with building(old) as made:
        Path(made.path).rmdir()
        with pytest.raises(IoError, match="No such file"):
            made.publish()
    assert read(old) == OLD
    assert alone(old)


@pytest.mark.parametrize("name", ["ext4", "xfs", "btrfs", "tmpfs"])
def test_a_removed_directory_is_stale(filesystem: Filesystem, name: str) -> None:
    """Where nothing that is written can be found again nothing is built."""
    directory = filesystem(name) / "in"
    directory.mkdir()
    with at(os.fspath(directory / "conf")) as place:
        directory.rmdir()
        with pytest.raises(StaleMount):
            folder.build(place)


def test_a_directory_that_is_removed_just_then(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the look: an error, and no endless attempts."""
    (disk / "in").mkdir()

    def remove(directory: int, path: str) -> None:
        Path(path).rmdir()

    monkeypatch.setattr(leftovers, "sweep_once", remove)
    with pytest.raises(IoError, match="No such file"):
        publish(disk / "in" / "conf")


def test_a_folder_that_is_replaced_during_the_look(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process publishes just then: what was looked at has no name any more, and its successor counts."""
    look = Place.look

    def before_another(place: Place) -> int | None:
        fd = look(place)
        monkeypatch.setattr(Place, "look", look)
        publish(old, OLD)
        return fd

    monkeypatch.setattr(Place, "look", before_another)
    publish(old)
    assert read(old) == NEW
    assert alone(old)


def test_a_folder_that_goes_while_it_is_looked_at(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its attributes cannot be read any more: then there is none, and one is created."""
    like = dress.like

    def after_it_went(*arguments: Any) -> str | None:
        old.rename(old.parent.parent / "away")
        return like(*arguments)

    monkeypatch.setattr(dress, "like", after_it_went)
    assert publish(old).created
    assert stat.S_IMODE(old.stat().st_mode) == 0o755


def test_a_folder_that_comes_and_goes(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever loses each race gives up in the end, and says why."""
    path = disk / "conf"
    look = folder.Building._look  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - where the race is

    def gone_when_seen(building: folder.Building) -> object:
        found = look(building)
        path.mkdir() if found is None else path.rmdir()
        return found

    monkeypatch.setattr(folder.Building, "_look", gone_when_seen)
    with pytest.raises(Conflict, match="comes and goes"):
        publish(path)
    assert leftovers_in(disk) == []


def test_any_way_to_name_a_folder(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative, with a slash at the end, with dots, or the working directory itself."""
    monkeypatch.chdir(old.parent)
    for name in ("conf", "conf/", "./conf/.", "../in/conf"):
        with at(name) as place:
            building = folder.build(place)
            write(Path(building.path), {"name": name.encode()})
            building.publish()
        assert read(old) == {"name": name.encode()}


@pytest.mark.parametrize("flag", ["i", "a"])
def test_immutable_folders_are_refused(filesystem: Filesystem, flag: str) -> None:
    """The folder itself, or its parent directory: nothing is built that could not be published."""
    path = write(filesystem("ext4") / "conf", OLD)
    with flagged(flag, path), pytest.raises(ReadOnly):
        publish(path)
    with flagged(flag, path.parent), pytest.raises(ReadOnly):
        publish(path.parent / "new")
    assert read(path) == OLD
    assert alone(path)


def test_a_closed_parent_is_refused(public: Path, as_user: AsUser) -> None:
    """Where nothing is and nothing can be made, a user is told before the work; where something is, that it is."""
    (public / "there").mkdir()
    with pytest.raises(NoPermission):
        as_user(STRANGER, lambda: publish(public / "new"))
    with pytest.raises(AlreadyExists):
        as_user(STRANGER, lambda: publish(public / "there", overwrite=False))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_what_cannot_be_flushed_is_not_published(old: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """A full or broken disk shows when the tree is flushed: the old folder stays, the new one is removed."""
    with building(old) as made:
        write(Path(made.path), {str(number): b"x" for number in range(20)})
        monkeypatch.setattr(syscalls, "syncfs", raising(code))
        with pytest.raises(OutOfSpace if code == errno.ENOSPC else IoError, match="the old content is intact"):
            made.publish()
    assert read(old) == OLD
    assert alone(old)


def test_a_parent_that_cannot_be_flushed_is_told(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The new folder is in place, and the error says so."""
    with building(old) as made:
        write(Path(made.path), {str(number): b"x" for number in range(20)})
        failing(monkeypatch, "fsync", errno.EIO, {1})
        with pytest.raises(IoError, match="it is in place"):
            made.publish()
    assert len(os.listdir(old)) == 20
    assert alone(old)


def test_a_full_disk(small: Small) -> None:
    """Building fails as any write does, and the old folder stays as it is."""
    disk = small("ext4", 16)
    path = write(disk / "conf", OLD)
    fill(disk)
    with pytest.raises((OSError, OutOfSpace)):
        publish(path, {"big": bytes(1 << 20)})
    assert read(path) == OLD
    assert leftovers_in(disk) == []


def test_what_cannot_be_removed_is_told(filesystem: Filesystem) -> None:
    """The folder is published; the note says what of the old one stays, and the sweep takes it once it can."""
    path = write(filesystem("ext4") / "conf", OLD)
    run("chattr", "+i", path / "both" / "x")
    published = publish(path)
    (left,) = leftovers_in(path.parent)
    try:
        (note,) = published.notes
        assert left in note
        assert read(path) == NEW
        assert read(path.parent / left) == {"both/x": b"old x"}
        assert sweep(path.parent) == []
    finally:
        run("chattr", "-i", path.parent / left / "both" / "x")
    assert sweep(path.parent) == [left]
    assert alone(path)
