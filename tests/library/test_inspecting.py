"""confkeep.inspect: whether and how, before anything is written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import confkeep
from tests.library.spots import NEW, OLD, Spot, etag
from tests.support.mounting import run
from tests.support.users import STRANGER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import AsUser


def test_it_says_what_a_save_then_does(spot: Spot) -> None:
    """The same route, for the same reason; and the etag to expect."""
    verdict = confkeep.inspect(spot.path)
    assert (verdict.path, verdict.etag, verdict.refusal) == (spot.name, etag(OLD), None)
    saved = confkeep.save(spot.path, NEW, expect=verdict.etag)
    assert (verdict.route, verdict.guarantees) == (saved.route, saved.guarantees)


def test_nothing_is_written(spot: Spot, state: Path) -> None:
    """Neither beside the file nor in the state directory."""
    before = spot.path.stat()
    confkeep.inspect(spot.path)
    after = spot.path.stat()
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)
    assert (spot.others(), state.exists()) == ([], False)


def test_a_file_that_is_not_there(disk: Path) -> None:
    """It would be created."""
    verdict = confkeep.inspect(disk / "a")
    assert (verdict.stat, verdict.etag, verdict.refusal) == (None, None, None)
    assert verdict.route is not None
    assert verdict.route.code == "new-file"
    assert os.listdir(disk) == []


@pytest.mark.root
def test_a_refusal_is_an_answer(spot: Spot) -> None:
    """The very one that a save raises."""
    run("chattr", "+i", spot.path)
    try:
        verdict = confkeep.inspect(spot.path)
        with pytest.raises(confkeep.ReadOnly) as caught:
            confkeep.save(spot.path, NEW)
    finally:
        run("chattr", "-i", spot.path)
    assert isinstance(verdict.refusal, confkeep.ReadOnly)
    assert (verdict.refusal.detail, verdict.route, verdict.guarantees) == (caught.value.detail, None, None)
    assert verdict.etag == etag(OLD)


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_another_users_file(public: Path, as_user: AsUser, mode: int) -> None:
    """Its etag only where it may be read."""
    (public / "a").write_bytes(OLD)
    (public / "a").chmod(mode)
    refusal, found = as_user(STRANGER, lambda: _refusal_and_etag(public / "a"))
    assert refusal == "NoPermission"
    assert found == (etag(OLD) if mode == 0o644 else None)


def _refusal_and_etag(path: Path) -> tuple[str, str | None]:
    verdict = confkeep.inspect(path)
    return type(verdict.refusal).__name__, verdict.etag


def test_a_directory_and_a_missing_one(disk: Path) -> None:
    """A directory is an answer (refused), a missing one on the way an error."""
    (disk / "sub").mkdir()
    assert isinstance(confkeep.inspect(disk / "sub").refusal, confkeep.NotARegularFile)
    with pytest.raises(confkeep.NotFound):
        confkeep.inspect(disk / "no/a")
    with pytest.raises(confkeep.BadPath):
        confkeep.inspect(f"{disk}/a\0")


def test_a_closed_directory(public: Path, as_user: AsUser) -> None:
    """Who may not look is told."""
    (public / "closed").mkdir(mode=0o700)
    with pytest.raises(confkeep.NoPermission):
        as_user(STRANGER, lambda: confkeep.inspect(public / "closed/a"))


def test_a_file_that_is_replaced_all_the_time(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at again, and in the end that is said."""
    from confkeep.files.target import Changed
    from confkeep.library import inspecting

    def gone(_: object) -> bytes:
        raise Changed

    (disk / "a").write_bytes(OLD)
    monkeypatch.setattr(inspecting, "read", gone)
    with pytest.raises(confkeep.TargetBusy, match="faster"):
        confkeep.inspect(disk / "a")
