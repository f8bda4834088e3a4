"""confkeep.library.state: where the journal is, and what is said where none can be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

import confkeep
from confkeep.library.state import state_directory
from tests.library.spots import NEW, OLD, Spot, etag, spot_in
from tests.support.mounting import fill
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from tests.support.fixtures import AsUser, Filesystem, Small
    from tests.support.mounting import Mounts


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing in the environment says where."""
    for name in ("CONFKEEP_STATE", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_it_is_named(linked: Spot, state: Path) -> None:
    """CONFKEEP_STATE is the directory itself, made closed to others."""
    confkeep.save(linked.path, NEW)
    assert state_directory() == os.fspath(state)
    assert sorted(os.listdir(state)) == ["history.db", "locks"]
    assert state.stat().st_mode & 0o777 == 0o700


def test_the_users_own(linked: Spot, disk: Path, unnamed: pytest.MonkeyPatch) -> None:
    """``confkeep`` below XDG_STATE_HOME, otherwise below ~/.local/state."""
    unnamed.setenv("HOME", os.fspath(disk / "home"))
    confkeep.save(linked.path, NEW)
    assert (disk / "home/.local/state/confkeep/history.db").exists()
    unnamed.setenv("XDG_STATE_HOME", os.fspath(disk / "xdg"))
    confkeep.save(linked.path, OLD)
    assert (disk / "xdg/confkeep/history.db").exists()


@pytest.mark.parametrize("name", ["relative", "./state", ""])
def test_a_relative_xdg_state_home_is_ignored(disk: Path, name: str, unnamed: pytest.MonkeyPatch) -> None:
    """As the specification has it."""
    unnamed.setenv("HOME", os.fspath(disk))
    unnamed.setenv("XDG_STATE_HOME", name)
    assert state_directory() == os.fspath(disk / ".local/state/confkeep")


def test_an_empty_name_names_nothing(disk: Path, unnamed: pytest.MonkeyPatch) -> None:
    """``CONFKEEP_STATE=`` is the same as none."""
    unnamed.setenv("HOME", os.fspath(disk))
    unnamed.setenv("CONFKEEP_STATE", "")
    assert state_directory() == os.fspath(disk / ".local/state/confkeep")


def test_no_home_at_all(public: Path, unnamed: pytest.MonkeyPatch, as_user: AsUser) -> None:
    """A user that no passwd knows, as in many a container: a save in place is refused, one by a rename is done."""
    unnamed.delenv("HOME")
    public.chmod(0o777)
    linked, plain = spot_in(public / "linked", "linked"), spot_in(public / "plain", "replace")
    for spot in (linked, plain):
        spot.path.parent.chmod(0o777)
        os.chown(spot.path, STRANGER, STRANGER)
    with pytest.raises(confkeep.JournalUnavailable, match=f"uid {STRANGER} has no home") as caught:
        as_user(STRANGER, lambda: confkeep.save(linked.path, NEW))
    assert "CONFKEEP_STATE" in caught.value.remedy
    assert (linked.data, linked.others()) == (OLD, [])
    as_user(STRANGER, lambda: confkeep.save(plain.path, NEW))
    assert plain.data == NEW


def test_a_relative_home_is_none(unnamed: pytest.MonkeyPatch) -> None:
    """A journal that moves with the working directory would not be found again."""
    unnamed.setenv("HOME", "home")
    with pytest.raises(confkeep.JournalUnavailable):
        state_directory()


def unusable(name: str, disk: Path) -> Path:
    """A state directory that cannot be one."""
    if name == "a file":
        (disk / "file").touch()
        return disk / "file"
    return Path("/dev/null/state")


@pytest.mark.parametrize("name", ["a file", "below a file"])
def test_no_journal(linked: Spot, disk: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Required: refused before the first byte. Best effort: done, and said."""
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(unusable(name, disk)))
    with pytest.raises(confkeep.JournalUnavailable):
        confkeep.save(linked.path, NEW)
    with pytest.raises(confkeep.JournalUnavailable), confkeep.file(linked.path) as file:
        file.write("x")
    assert (linked.data, linked.others()) == (OLD, [])
    saved = confkeep.save(linked.path, NEW, journal="best-effort")
    assert (linked.data, saved.guarantees.crash_safe, saved.revision) == (NEW, False, None)
    assert "without a journal" in saved.notes[-1]
    writing = confkeep.file(linked.path, journal="best-effort")
    with writing as file:
        file.write("x")
    assert writing.saved is not None
    assert (linked.data, writing.saved.guarantees.crash_safe) == (b"x", False)


@pytest.mark.root
@pytest.mark.parametrize("way", ["linked", "bound"])
def test_a_state_in_memory(
    disk: Path, way: str, mounts: Mounts, filesystem: Filesystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut would lose it: as no journal, but the revision is recorded."""
    spot = spot_in(disk / "config", way, mounts)
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(filesystem("tmpfs") / "state"))
    with pytest.raises(confkeep.JournalUnavailable, match="tmpfs"):
        confkeep.save(spot.path, NEW)
    assert spot.data == OLD
    saved = confkeep.save(spot.path, NEW, journal="best-effort")
    assert (spot.data, saved.guarantees.crash_safe, saved.revision is None) == (NEW, False, False)


def test_a_state_of_another_user(public: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed: as no journal; and nobody stumbles over it who needs none."""
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(public / "state"))
    spot = spot_in(public / "config", "linked")
    confkeep.save(spot.path, OLD + b"x")
    spot.path.chmod(0o666)
    with pytest.raises(confkeep.JournalUnavailable):
        as_user(STRANGER, lambda: confkeep.save(spot.path, NEW))
    public.chmod(0o777)
    as_user(STRANGER, lambda: confkeep.save(public / "plain", NEW))
    assert (public / "plain").read_bytes() == NEW


def test_a_state_on_a_full_disk(linked: Spot, small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    """Required: the save says what is full; best effort: it is done."""
    directory = small("ext4", 16)
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(directory / "state"))
    confkeep.save(linked.path, b"first\n")
    fill(directory)
    with pytest.raises((confkeep.OutOfSpace, confkeep.JournalUnavailable)):
        confkeep.save(linked.path, os.urandom(100_000))
    assert linked.data == b"first\n"
    saved = confkeep.save(linked.path, NEW * 10_000, journal="best-effort")
    assert (linked.data, saved.guarantees.crash_safe) == (NEW * 10_000, False)


def test_expect_holds_without_a_journal(linked: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit after the compare is no less a conflict where nothing is recorded."""

    def none(_: Path) -> NoReturn:
        linked.path.write_bytes(b"by: hand\n")
        raise confkeep.JournalUnavailable("none")

    monkeypatch.setattr("confkeep.library.in_place.opened_keeper", none)
    with pytest.raises(confkeep.Conflict):
        confkeep.save(linked.path, NEW, expect=etag(OLD), journal="best-effort")
    assert linked.data == b"by: hand\n"
