"""confkeep.file: a mode given to the draft is the file's in the end; setuid and capabilities outlive the writing."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, NoReturn

import pytest

import confkeep
from tests.library.spots import NEW, OLD, Spot, spot_in
from tests.support.needs import need
from tests.support.users import OTHER, STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


def write(spot: Spot, mode: int | None = None) -> None:
    """NEW, and this mode."""
    with confkeep.file(spot.path, "wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.write(NEW)


@pytest.mark.parametrize("before", [0o644, 0o600, 0o640, 0o444])
@pytest.mark.root
def test_the_mode_stays(spot: Spot, before: int) -> None:
    """Unless somebody gives another."""
    spot.path.chmod(before)
    write(spot)
    assert (spot.data, spot.mode) == (NEW, before)


@pytest.mark.parametrize(("before", "given"), [(0o644, 0o600), (0o600, 0o644), (0o640, 0o604), (0o755, 0o500)])
@pytest.mark.root
def test_a_mode_that_is_given(spot: Spot, before: int, given: int) -> None:
    """Narrower, wider, or both at once."""
    spot.path.chmod(before)
    write(spot, given)
    assert (spot.data, spot.mode) == (NEW, given)


@pytest.mark.parametrize(("before", "given"), [(0o755, 0o4755), (0o4755, 0o755), (0o6755, 0o2750)])
@pytest.mark.root
def test_setuid_that_is_given_or_taken(spot: Spot, before: int, given: int) -> None:
    """Who says a mode means all of it."""
    spot.path.chmod(before)
    write(spot, given)
    assert (spot.data, spot.mode) == (NEW, given)


def test_a_new_file_has_the_mode_that_is_given(disk: Path) -> None:
    """And never was open to others under its name."""
    with confkeep.file(disk / "a") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("secret")
    assert (disk / "a").stat().st_mode & 0o7777 == 0o600


def test_a_mode_goes_with_an_error(spot: Spot) -> None:
    """What is not published changes no mode."""
    before = spot.mode

    def fail() -> NoReturn:
        with confkeep.file(spot.path) as file:
            os.fchmod(file.fileno(), 0o600)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert spot.mode == before


def test_a_conflict_changes_no_mode(spot: Spot) -> None:
    """In place the file is closed before the first byte: that is undone."""
    before = spot.mode
    with pytest.raises(confkeep.Conflict), confkeep.file(spot.path, expect="0" * 64) as file:
        os.fchmod(file.fileno(), 0o600)
    assert (spot.data, spot.mode) == (OLD, before)


@pytest.mark.root
@pytest.mark.parametrize("mode", [0o4755, 0o2755, 0o6711])
def test_setuid_stays(spot: Spot, mode: int) -> None:
    """The kernel takes it from a file that is written to."""
    spot.path.chmod(mode)
    write(spot)
    assert (spot.data, spot.mode) == (NEW, mode)


def test_setuid_of_a_user_stays(public: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not the superuser loses it by writing, and may give it again."""
    public.chmod(0o777)
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(public / "state"))

    def both() -> list[int]:
        spots = [spot_in(public / way, way) for way in ("replace", "linked")]
        for spot in spots:
            spot.path.chmod(0o4755)
            write(spot)
        return [spot.mode for spot in spots]

    assert as_user(STRANGER, both) == [0o4755, 0o4755]


@pytest.mark.root
def test_file_capabilities_stay(spot: Spot) -> None:
    """Writing takes them even from the superuser's file."""
    need(shutil.which("setcap"), "no setcap")
    subprocess.run(["setcap", "cap_net_raw+ep", spot.path], check=True)
    before = os.getxattr(spot.path, "security.capability")
    write(spot)
    assert os.getxattr(spot.path, "security.capability") == before


@pytest.mark.root
def test_another_users_file(spot: Spot) -> None:
    """It stays theirs, with the mode that is given."""
    os.chown(spot.path, STRANGER, OTHER)
    write(spot, 0o640)
    found = spot.path.stat()
    assert (spot.data, found.st_uid, found.st_gid, spot.mode) == (NEW, STRANGER, OTHER, 0o640)


@pytest.mark.parametrize("given", [0o600, 0o660])
def test_a_mode_that_may_not_be_given(
    public: Path, as_user: AsUser, monkeypatch: pytest.MonkeyPatch, given: int
) -> None:
    """Another user's file that we may write: what shall be closed and cannot be is not written at all."""
    monkeypatch.setenv("CONFKEEP_STATE", os.fspath(public / "state"))
    public.chmod(0o777)
    spot = spot_in(public / "config", "replace")
    spot.path.chmod(0o666)
    with pytest.raises(confkeep.NoPermission, match=f"mode {given:04o}"):
        as_user(STRANGER, lambda: write(spot, given))
    assert (spot.data, spot.mode, spot.others()) == (OLD, 0o666, [])


@pytest.mark.root
def test_what_is_to_be_closed_is_closed_before_the_first_byte(linked: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads a secret in the moment between."""
    pwrite, seen = os.pwrite, set[int]()

    def watched(fd: int, data: bytes, offset: int) -> int:
        if os.path.samestat(os.fstat(fd), linked.path.stat()):
            seen.add(linked.mode)
        return pwrite(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", watched)
    write(linked, 0o600)
    assert (seen, linked.mode) == ({0o600}, 0o600)
