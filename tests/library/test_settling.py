"""A save in place that was killed is settled at the next use, and only by who holds the file's lock."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

import pytest

import confkeep
from confkeep.files.read import read_whole
from confkeep.keeper import Keeper
from tests.library.killing import ends, killed_half_way, run, stopped_half_way
from tests.library.spots import NEW, OLD, Spot, etag, spot_in
from tests.support.mounting import run as command
from tests.support.saving import open_intents

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mounting import Mounts

LONG, OTHER = b"a" * 5000, b"b" * 6000


@pytest.fixture
def torn(linked: Spot) -> Spot:
    """A file that was to become OTHER; half of it is."""
    linked.path.write_bytes(LONG)
    assert killed_half_way(linked.path, OTHER) not in {LONG, OTHER}
    return linked


def opens(state: Path) -> int:
    """How many saves are not settled."""
    with Keeper(state) as keeper:
        return open_intents(keeper)


def test_the_next_save_settles_first(torn: Spot, state: Path) -> None:
    """What it expects is compared with the file when it is whole again."""
    half = torn.data
    with pytest.raises(confkeep.Conflict) as caught:
        confkeep.save(torn.path, NEW, expect=etag(half))
    assert caught.value.members["etag"] == etag(OTHER)
    assert torn.data == OTHER
    confkeep.save(torn.path, NEW, expect=etag(OTHER))
    assert (torn.data, torn.others(), opens(state)) == (NEW, [], 0)


def test_the_next_file_settles_first(torn: Spot, state: Path) -> None:
    """Before its ``with`` begins."""
    with confkeep.file(torn.path, "wb") as file:
        assert torn.data == OTHER
        file.write(NEW)
    assert (torn.data, opens(state)) == (NEW, 0)


def test_the_next_save_of_the_same_bytes(torn: Spot, state: Path) -> None:
    """Nothing is to be written, but what was half done is done."""
    assert confkeep.save(torn.path, OTHER).changed is False
    assert (torn.data, opens(state)) == (OTHER, 0)


@pytest.mark.parametrize("way", ["replace", "linked"])
def test_a_save_of_another_file_does_not_make_it_forgotten(torn: Spot, disk: Path, state: Path, way: str) -> None:
    """By whatever route: that is saved as if nothing had been, and the torn one is whole at its own next use."""
    another = spot_in(disk / "another", way)
    confkeep.save(another.path, NEW)
    assert another.data == NEW
    with confkeep.file(torn.path, "wb") as file:
        assert torn.data == OTHER
        file.write(NEW)
    assert (torn.data, opens(state)) == (NEW, 0)


def test_a_new_file_there_is_not_repaired(torn: Spot, state: Path) -> None:
    """Somebody has put a copy back meanwhile, by a rename: it stays."""
    torn.path.with_name("copy").write_bytes(torn.data)
    half = torn.data
    torn.path.with_name("copy").rename(torn.path)
    with pytest.raises(confkeep.Conflict):
        confkeep.save(torn.path, NEW, expect=etag(OTHER))
    assert (torn.data, opens(state)) == (half, 0)


@pytest.mark.root
def test_a_mount_is_settled_too(disk: Path, mounts: Mounts, state: Path) -> None:
    """The case that the journal is for."""
    spot = spot_in(disk / "config", "bound", mounts)
    spot.path.write_bytes(LONG)
    assert killed_half_way(spot.path, OTHER) not in {LONG, OTHER}
    with pytest.raises(confkeep.Conflict):
        confkeep.save(spot.path, NEW, expect=etag(LONG))
    assert (spot.data, opens(state)) == (OTHER, 0)


@pytest.mark.parametrize("call", ["save", "file", "inspect"])
def test_a_living_one_is_not_settled(linked: Spot, disk: Path, call: str) -> None:
    """A process that is stopped in the middle is not dead: nobody touches its file, and others' are saved meanwhile."""
    linked.path.write_bytes(LONG)
    with stopped_half_way(linked.path, OTHER) as process:
        try:
            if call == "save":
                confkeep.save(disk / "another", NEW)
            elif call == "file":
                with confkeep.file(disk / "another", "wb") as file:
                    file.write(NEW)
            else:
                confkeep.inspect(disk / "another")
        finally:
            process.send_signal(signal.SIGCONT)
        assert process.communicate()[0] == b"saved\n"
    assert linked.data == OTHER
    assert call == "inspect" or (disk / "another").read_bytes() == NEW


def test_a_save_of_its_file_waits_for_a_living_one(linked: Spot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a deadline; then it says for whom."""
    linked.path.write_bytes(LONG)
    monkeypatch.setattr("confkeep.keeper._LOCK_WAIT", 0.1)
    monkeypatch.setattr("confkeep.library.saving.read_whole", partial(read_whole, wait=0.1))
    with stopped_half_way(linked.path, OTHER) as process:
        try:
            with pytest.raises(confkeep.TargetBusy):
                confkeep.save(linked.path, NEW)
        finally:
            process.send_signal(signal.SIGCONT)
        process.wait()
    assert linked.data == OTHER


#: An answered save by a keeper that lives on; its intent is closed half a second later.
_LIVES: str = """
import sys
import confkeep
with confkeep.Keeper() as keeper:
    with open(sys.argv[2], "rb") as wanted:
        keeper.save(sys.argv[1], wanted.read())
    print("saved", flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("who", ["another file", "the file"])
def test_an_edit_after_an_answered_save_is_no_torn_one(linked: Spot, disk: Path, who: str) -> None:
    """Made of old and new bytes only, within half a second: another process waits until the intent is closed."""
    edit = OLD[:3] + NEW[3:]
    (disk / "wanted").write_bytes(NEW)
    process = run(_LIVES, linked.path, disk / "wanted")
    assert process.stdout is not None
    assert process.stdout.readline() == "saved\n"
    with linked.path.open("r+b") as file:
        file.write(edit)
    if who == "the file":
        confkeep.save(linked.path, b"next\n", expect=etag(edit))
        assert linked.data == b"next\n"
    else:
        confkeep.save(disk / "another", NEW)
        assert linked.data == edit
    ends(process)


def test_what_cannot_be_settled_holds_nobody_up(torn: Spot, disk: Path, state: Path) -> None:
    """Its directory is away: others' saves go on, and it is settled when it is used again."""
    away = torn.path.parent.with_name("away")
    half = torn.data
    torn.path.parent.rename(away)
    for number in range(3):
        confkeep.save(disk / "another", b"%d" % number)
    away.rename(torn.path.parent)
    assert torn.data == half
    with pytest.raises(confkeep.Conflict):
        confkeep.save(torn.path, NEW, expect=etag(half))
    assert (torn.data, opens(state)) == (OTHER, 0)


@pytest.mark.root
def test_what_cannot_be_written_now_is_not_waited_for(
    torn: Spot, disk: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal is seen before anybody waits for a living process to close the intent."""
    waited: list[object] = []

    def waits(*of: object) -> bool:
        waited.append(of)
        return False

    monkeypatch.setattr("confkeep.recovery._is_closed_soon", waits)
    with Keeper(state):  # another user of the state: nobody is alone
        command("chattr", "+i", torn.path)
        try:
            confkeep.save(disk / "another", NEW)
        finally:
            command("chattr", "-i", torn.path)
    assert waited == []
