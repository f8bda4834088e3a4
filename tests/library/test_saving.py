"""confkeep.save: bytes to a file by each route, with what it promises about the rest of the file."""

from __future__ import annotations

import fcntl
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

import pytest

import confkeep
from confkeep.files import syscalls
from confkeep.files.read import Whole, open_to_read, read_whole
from confkeep.files.route import Route
from tests.library.spots import NEW, OLD, Spot, etag
from tests.support.faults import raising
from tests.support.mounting import run
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.target import Target
    from tests.support.fixtures import AsUser


def test_bytes_reach_the_file(spot: Spot) -> None:
    """The answer says which, by which route, and what was had; nothing is left beside the file."""
    saved = confkeep.save(spot.path, NEW)
    assert (spot.data, spot.others()) == (NEW, [])
    assert (saved.path, saved.etag, saved.size) == (spot.name, etag(NEW), len(NEW))
    assert (saved.changed, saved.created, saved.route.name) == (True, False, Route(spot.route))
    assert (saved.guarantees.reader_atomic, saved.guarantees.crash_safe) == (True, True)


def test_the_inode_stays_where_it_must(spot: Spot) -> None:
    """In place: the other name, or the mount, shows the new bytes."""
    before = spot.path.stat().st_ino
    saved = confkeep.save(spot.path, NEW)
    assert (spot.path.stat().st_ino == before) is saved.guarantees.inode_kept is (spot.route == "overwrite")


def test_by_a_rename_no_store_is_made(plain: Spot, state: Path) -> None:
    """A save that needs no journal leaves no trace outside the file's directory."""
    confkeep.save(plain.path, NEW)
    confkeep.save(plain.path, OLD, expect=etag(NEW))
    assert not state.exists()


@pytest.mark.parametrize("data", [b"", b"x", bytes(100_000)], ids=["empty", "one", "much"])
def test_of_any_size(spot: Spot, data: bytes) -> None:
    """Nothing, shorter, longer."""
    assert confkeep.save(spot.path, data).size == len(data)
    assert spot.data == data


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_kind_of_bytes(plain: Spot, kind: type) -> None:
    """Whatever holds bytes."""
    confkeep.save(plain.path, kind(NEW))
    assert plain.data == NEW


def test_text_is_not_bytes(plain: Spot) -> None:
    """Nobody guesses an encoding; nothing has happened."""
    with pytest.raises(TypeError):
        confkeep.save(plain.path, "text")  # type: ignore[arg-type]
    assert (plain.data, plain.others()) == (OLD, [])


def test_the_same_bytes_are_not_written(spot: Spot) -> None:
    """Neither inode nor time changes, and the answer says so."""
    before = spot.path.stat()
    saved = confkeep.save(spot.path, OLD)
    after = spot.path.stat()
    assert saved.changed is False
    assert (before.st_ino, before.st_mtime_ns, before.st_ctime_ns) == (
        after.st_ino,
        after.st_mtime_ns,
        after.st_ctime_ns,
    )


def test_expect_holds(spot: Spot) -> None:
    """What is there is what the caller has read."""
    saved = confkeep.save(spot.path, NEW, expect=etag(OLD))
    assert spot.data == NEW
    assert saved.guarantees.compare_and_swap is True


@pytest.mark.parametrize("expected", [etag(b"another"), "no etag at all", ""])
def test_expect_does_not_hold(spot: Spot, expected: str) -> None:
    """A conflict that names what is there; the file stays."""
    before = spot.path.stat()
    with pytest.raises(confkeep.Conflict) as caught:
        confkeep.save(spot.path, NEW, expect=expected)
    assert caught.value.members["etag"] == etag(OLD)
    assert (spot.data, spot.path.stat().st_mtime_ns, spot.others()) == (OLD, before.st_mtime_ns, [])


def test_expect_of_a_file_that_is_not_there(disk: Path) -> None:
    """Who expects a content does not create."""
    with pytest.raises(confkeep.Conflict) as caught:
        confkeep.save(disk / "a", NEW, expect=etag(OLD))
    assert caught.value.members["etag"] is None
    assert not (disk / "a").exists()


def test_without_expect_nothing_is_compared(plain: Spot) -> None:
    """The last of several savers wins, and the answer says that nothing was compared."""
    saved = confkeep.save(plain.path, NEW)
    assert saved.guarantees.compare_and_swap is False
    assert len(saved.notes) == 1


def test_overwrite_false_creates(disk: Path) -> None:
    """Where nothing is."""
    saved = confkeep.save(disk / "a", NEW, overwrite=False)
    assert (saved.created, (disk / "a").read_bytes()) == (True, NEW)


def test_overwrite_false_spares_what_is_there(spot: Spot) -> None:
    """It raises what ``open(path, "x")`` raises, and our own Conflict."""
    with pytest.raises(FileExistsError) as caught:
        confkeep.save(spot.path, NEW, overwrite=False)
    assert isinstance(caught.value, confkeep.AlreadyExists)
    assert isinstance(caught.value, confkeep.Conflict)
    assert (spot.data, spot.others()) == (OLD, [])


@pytest.mark.parametrize("how", ["renameat2", "link"])
def test_overwrite_false_is_decided_by_the_kernel(disk: Path, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that appears at the last moment stays; also on a filesystem without the flag of renameat2."""
    publish = syscalls.rename_noreplace if how == "renameat2" else raising(22)

    def late(directory: int, old: str, new: str) -> None:
        (disk / "a").write_bytes(OLD)
        publish(directory, old, new)

    monkeypatch.setattr(syscalls, "rename_noreplace", late)
    with pytest.raises(FileExistsError):
        confkeep.save(disk / "a", NEW, overwrite=False)
    assert (disk / "a").read_bytes() == OLD
    assert [name for name in os.listdir(disk) if name.startswith(".")] == []


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_obeys_the_umask(disk: Path, umask: int) -> None:
    """As any file that a program creates."""
    before = os.umask(umask)
    try:
        assert confkeep.save(disk / "a", NEW).created is True
    finally:
        os.umask(before)
    assert (disk / "a").stat().st_mode & 0o7777 == 0o666 & ~umask


def test_a_new_file_obeys_the_directorys_default_acl(disk: Path) -> None:
    """Which takes the place of the umask."""
    run("setfacl", "-d", "-m", f"u:{STRANGER}:rw,g::-,o::-", disk)
    confkeep.save(disk / "ours", NEW)
    (disk / "plain").write_bytes(NEW)
    named = "system.posix_acl_access"
    assert os.getxattr(disk / "ours", named) == os.getxattr(disk / "plain", named)
    assert (disk / "ours").stat().st_mode == (disk / "plain").stat().st_mode


@pytest.mark.root
def test_what_the_file_is_besides_its_bytes_stays(spot: Spot) -> None:
    """Mode, owner, ACL and attributes."""
    os.chown(spot.path, STRANGER, STRANGER)
    spot.path.chmod(0o640)
    run("setfacl", "-m", f"u:{STRANGER + 1}:rw", spot.path)
    os.setxattr(spot.path, "user.label", b"mine")

    def dress() -> tuple[int, int, int, dict[str, bytes]]:
        found = spot.path.stat()
        names = sorted(os.listxattr(spot.path))
        return found.st_uid, found.st_gid, found.st_mode, {name: os.getxattr(spot.path, name) for name in names}

    before = dress()
    saved = confkeep.save(spot.path, NEW)
    assert (spot.data, dress()) == (NEW, before)
    assert saved.guarantees.metadata_kept is True


@pytest.mark.root
@pytest.mark.parametrize("mode", [0o4755, 0o2755])
def test_setuid_stays(spot: Spot, mode: int) -> None:
    """The kernel takes it from a file that is written to; a save gives it back."""
    spot.path.chmod(mode)
    confkeep.save(spot.path, NEW)
    assert spot.mode == mode


def test_a_link_is_followed(spot: Spot) -> None:
    """The link stays one, and leads to the new bytes."""
    link = spot.path.parent.parent / "link"
    link.symlink_to(spot.path)
    saved = confkeep.save(link, NEW)
    assert (link.is_symlink(), spot.data, saved.path) == (True, NEW, spot.name)


def test_a_link_to_nothing_yet(disk: Path) -> None:
    """The file it leads to is created."""
    (disk / "link").symlink_to("there")
    assert confkeep.save(disk / "link", NEW).created is True
    assert (disk / "there").read_bytes() == NEW
    assert (disk / "link").is_symlink()


def test_a_file_of_ours_in_a_closed_directory(public: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """No temporary file can be made there: in place."""
    path = public / "closed/a"
    path.parent.mkdir()
    path.write_bytes(OLD)
    os.chown(path, STRANGER, STRANGER)
    (public / "state").mkdir(mode=0o700)
    os.chown(public / "state", STRANGER, STRANGER)
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(public / "state"))
    saved = as_user(STRANGER, lambda: confkeep.save(path, NEW))
    assert (path.read_bytes(), saved.route.code) == (NEW, "closed-directory")


def test_a_file_that_is_not_ours_to_write(public: Path, as_user: AsUser) -> None:
    """Refused, before anything is done."""
    path = public / "a"
    path.write_bytes(OLD)
    with pytest.raises(confkeep.NoPermission):
        as_user(STRANGER, lambda: confkeep.save(path, NEW))
    assert (path.read_bytes(), os.listdir(public)) == (OLD, ["a"])


def test_the_save_is_a_modification(spot: Spot) -> None:
    """The time of the file is that of the save."""
    os.utime(spot.path, ns=(0, 0))
    confkeep.save(spot.path, NEW)
    assert spot.path.stat().st_mtime_ns > 0
    assert stat.S_ISREG(spot.path.stat().st_mode)


@pytest.mark.parametrize(
    ("options", "wrong"),
    [
        ({"expect": "x", "overwrite": False}, "exclude each other"),
        ({"journal": "never"}, "journal='never'"),
        ({"on_busy": "wait"}, "on_busy='wait'"),
    ],
)
def test_options_that_nobody_knows(plain: Spot, options: dict[str, object], wrong: str) -> None:
    """They are named, and nothing is done."""
    with pytest.raises(confkeep.BadParameter, match=wrong):
        confkeep.save(plain.path, NEW, **options)  # type: ignore[arg-type]
    assert plain.data == OLD


def test_identical_bytes_beside_a_lease(plain: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's write lease, taken just after the compare, is waited for, and named in the end."""
    held: list[int] = []

    def then_leased(target: Target, *, hashed: bool) -> Whole | None:
        found = read_whole(target, hashed=hashed)
        held.append(os.open(plain.path, os.O_RDWR))
        fcntl.fcntl(held[0], 10, 23)  # F_SETSIG: SIGURG, which is ignored
        fcntl.fcntl(held[0], fcntl.F_SETLEASE, fcntl.F_WRLCK)
        return found

    monkeypatch.setattr("confkeep.library.saving.read_whole", then_leased)
    monkeypatch.setattr("confkeep.files.flush.open_to_read", partial(open_to_read, wait=0.1))
    try:
        with pytest.raises(confkeep.TargetBusy, match="lease"):
            confkeep.save(plain.path, OLD)
    finally:
        os.close(held[0])
    assert plain.data == OLD
