"""confkeep.file: what happens to the target while it is written decides how it is published, never what is lost."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import confkeep
from confkeep.files import syscalls
from confkeep.keeper import Keeper
from tests.library.spots import NEW, OLD, Spot, etag, spot_in
from tests.support.mounting import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confkeep.saved import Saved
    from tests.support.mounting import Mounts

SECRET = b"secret: 1\n"


def write(path: Path, meanwhile: Callable[[], object], mode: int = 0o600, expect: str | None = None) -> Saved | None:
    """A secret with this mode; ``meanwhile`` happens before the ``with`` ends."""
    writing = confkeep.file(path, "wb", expect=expect)
    with writing as file:
        os.fchmod(file.fileno(), mode)
        file.write(SECRET)
        meanwhile()
    return writing.saved


def check(spot: Spot, mode: int = 0o600) -> None:
    """The new bytes with the mode that was given, and nothing beside them."""
    assert (spot.data, spot.mode, spot.others()) == (SECRET, mode, [])


def test_it_gets_another_name(plain: Spot) -> None:
    """Then both names show the new bytes."""
    other = plain.path.with_name("other-name.txt")
    write(plain.path, lambda: other.hardlink_to(plain.path))
    check(plain)
    assert other.samefile(plain.path)


def test_it_loses_its_other_name(linked: Spot) -> None:
    """Then it may be replaced, and the mode is still what was given."""
    linked.path.chmod(0o600)
    write(linked.path, linked.path.with_name("other-name.txt").unlink, 0o644)
    check(linked, 0o644)


@pytest.mark.root
def test_it_becomes_a_mount_point(plain: Spot, mounts: Mounts) -> None:
    """Then its bytes are put in place."""
    source = plain.path.parent.with_name("source")
    source.write_bytes(b"mounted\n")
    write(plain.path, lambda: mounts.bind(source, plain.path))
    check(plain)
    assert source.read_bytes() == SECRET


@pytest.mark.root
def test_it_is_no_mount_point_any_more(disk: Path, mounts: Mounts) -> None:
    """Then what is below gets the bytes and the mode."""
    spot = spot_in(disk / "config", "bound", mounts)
    write(spot.path, lambda: mounts.unmount(spot.path))
    check(spot)
    assert (disk / "config-host/a.txt").read_bytes() == OLD


@pytest.mark.parametrize("way", ["replace", "linked"])
def test_it_is_removed(disk: Path, way: str) -> None:
    """Then it is made again, as closed as it was to be."""
    spot = spot_in(disk / "config", way)
    write(spot.path, spot.path.unlink)
    check(spot)


def test_its_mode_changes(plain: Spot) -> None:
    """A mode that the file was given meanwhile stays, where we chose none."""
    with confkeep.file(plain.path, "wb") as file:
        file.write(SECRET)
        plain.path.chmod(0o640)
    check(plain, 0o640)


def test_its_mode_changes_and_ours_as_well(plain: Spot) -> None:
    """Then ours is the one."""
    write(plain.path, lambda: plain.path.chmod(0o640))
    check(plain)


def test_it_gets_an_attribute(plain: Spot) -> None:
    """A label that somebody put on it meanwhile stays."""
    write(plain.path, lambda: os.setxattr(plain.path, "user.label", b"late"))
    check(plain)
    assert os.getxattr(plain.path, "user.label") == b"late"


@pytest.mark.root
def test_it_is_given_away(plain: Spot) -> None:
    """Its new owner stays."""
    write(plain.path, lambda: os.chown(plain.path, 54321, 54322))
    check(plain)
    assert (plain.path.stat().st_uid, plain.path.stat().st_gid) == (54321, 54322)


@pytest.mark.root
def test_it_becomes_immutable(spot: Spot) -> None:
    """Then it is refused by its name, and nothing is left."""
    try:
        with pytest.raises(confkeep.ReadOnly, match="immutable"):
            write(spot.path, lambda: run("chattr", "+i", spot.path))
    finally:
        run("chattr", "-i", spot.path)
    assert (spot.data, spot.others()) == (OLD, [])


def test_it_becomes_a_directory(plain: Spot) -> None:
    """That is never replaced."""

    def replace() -> None:
        plain.path.unlink()
        plain.path.mkdir()

    with pytest.raises(confkeep.NotARegularFile):
        write(plain.path, replace)
    assert (plain.path.is_dir(), plain.others()) == (True, [])


def test_it_becomes_a_link(plain: Spot) -> None:
    """That is followed."""
    elsewhere = plain.path.parent.with_name("elsewhere")
    elsewhere.write_bytes(OLD)

    def replace() -> None:
        plain.path.unlink()
        plain.path.symlink_to(elsewhere)

    write(plain.path, replace)
    check(plain)
    assert (plain.path.is_symlink(), elsewhere.read_bytes()) == (True, SECRET)


def test_it_is_created_meanwhile(disk: Path) -> None:
    """Whatever is there by then is replaced, and its mode stays where we chose none."""
    with confkeep.file(disk / "a", "wb") as file:
        file.write(NEW)
        (disk / "a").write_bytes(b"by: hand\n")
        (disk / "a").chmod(0o640)
    assert ((disk / "a").read_bytes(), (disk / "a").stat().st_mode & 0o777) == (NEW, 0o640)
    assert os.listdir(disk) == ["a"]


def test_its_directory_is_renamed(plain: Spot) -> None:
    """Then the path leads nowhere; no draft stays in the directory, wherever it is."""
    moved = plain.path.parent.with_name("moved")
    with pytest.raises(confkeep.NotFound):
        write(plain.path, lambda: plain.path.parent.rename(moved))
    assert (os.listdir(moved), (moved / "a.txt").read_bytes()) == (["a.txt"], OLD)


def test_its_directory_is_another(plain: Spot) -> None:
    """The path counts: the new directory gets the file, as closed as it was to be."""
    moved = plain.path.parent.with_name("moved")

    def replace() -> None:
        plain.path.parent.rename(moved)
        plain.path.parent.mkdir()

    write(plain.path, replace)
    check(plain)
    assert (os.listdir(moved), (moved / "a.txt").read_bytes()) == (["a.txt"], OLD)


def test_its_directory_is_removed(disk: Path) -> None:
    """Draft and all: NotFound, and no descriptor stays."""
    (disk / "config").mkdir()
    before = os.listdir("/proc/self/fd")

    def remove() -> None:
        run("rm", "-r", disk / "config")

    with pytest.raises(confkeep.NotFound):
        write(disk / "config/a", remove)
    assert os.listdir("/proc/self/fd") == before


def test_the_working_directory_changes(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means what it meant when the ``with`` began."""
    (disk / "one").mkdir()
    (disk / "two").mkdir()
    monkeypatch.chdir(disk / "one")
    with confkeep.file("a") as file:
        file.write("x")
        monkeypatch.chdir(disk / "two")
    assert (os.listdir(disk / "one"), os.listdir(disk / "two")) == (["a"], [])


def test_its_draft_is_removed(plain: Spot) -> None:
    """By hand: what was written to it is still there, and is published whole."""
    with confkeep.file(plain.path) as file:
        file.write("x")
        os.unlink(file.name)
    assert (plain.data, plain.others()) == (b"x", [])


@pytest.mark.parametrize("journal", ["a journal", "no journal"])
def test_replaced_twice_while_it_is_published(
    plain: Spot, state: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An edit, and then the old content again: our bytes are published, and the edit is not lost, or all is said."""
    exchange = syscalls.rename_exchange

    def crowded(directory: int, one: str, other: str) -> None:
        monkeypatch.setattr(syscalls, "rename_exchange", exchange)
        arrives(plain, b"by: hand\n")
        exchange(directory, one, other)
        arrives(plain, OLD)

    if journal == "no journal":
        monkeypatch.setenv("CONFKEEP_STATE", "/dev/null/none")
    monkeypatch.setattr(syscalls, "rename_exchange", crowded)
    try:
        write(plain.path, lambda: None, expect=etag(OLD))
    except confkeep.ConfkeepError:
        assert plain.data == OLD
    else:
        assert (plain.data, plain.mode) == (SECRET, 0o600)
    if journal == "no journal":
        assert [plain.path.with_name(name).read_bytes() for name in plain.others()] == [b"by: hand\n"]
    else:
        with Keeper(state) as keeper:
            recorded = keeper.store.looking()
            with recorded as connection:
                contents = [bytes(row[0]) for row in connection.execute("SELECT bytes FROM contents")]
        assert b"by: hand\n" in contents
        assert plain.others() == []


def arrives(spot: Spot, data: bytes) -> None:
    """Somebody renames a file of theirs over it."""
    spot.path.with_name("new").write_bytes(data)
    spot.path.with_name("new").rename(spot.path)
