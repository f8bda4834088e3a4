"""confkeep.keeper: what it does where the journal, the room or the lease is not to be had."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import JournalUnavailable, OutOfSpace, TargetBusy
from confkeep.files.root import Journal, OnBusy
from confkeep.history.revisions import State
from tests.support.looking import opened
from tests.support.mounting import fill
from tests.support.saving import NAME, NEW, OLD, ROUTES, bench, open_intents, recorded, save

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fixtures import Filesystem, Small

BOTH_ROUTES = pytest.mark.parametrize("route", ROUTES)


@BOTH_ROUTES
@pytest.mark.parametrize("journal", Journal)
def test_a_state_that_cannot_promise(disk: Path, filesystem: Filesystem, route: str, journal: Journal) -> None:
    """State on a tmpfs: in place is refused, or done and said; a rename needs no journal."""
    one = bench(disk / "config", filesystem("tmpfs") / "state", route, journal=journal)
    with one.keeper() as keeper:
        verdict = keeper.verdict(one.root, NAME)
        if route == "overwrite" and journal is Journal.REQUIRE:
            assert isinstance(verdict.refusal, JournalUnavailable)
            with pytest.raises(JournalUnavailable) as caught:
                save(keeper, one)
            assert caught.value.members["rule"] == "STA001"
            assert one.path.read_bytes() == OLD
            assert recorded(keeper, one) == []
            return
        saved = save(keeper, one)
        assert verdict.refusal is None
    assert one.path.read_bytes() == NEW
    assert saved.guarantees.crash_safe is (route == "replace")
    assert [("without a durable journal" in note) for note in saved.notes] == [True] * (route == "overwrite")


@BOTH_ROUTES
@pytest.mark.parametrize("journal", Journal)
def test_a_history_that_is_full(disk: Path, small: Small, route: str, journal: Journal) -> None:
    """The save fails before the file is touched, or is done and says what is missing."""
    directory = small("ext4", 16)
    one = bench(disk / "config", directory / "state", route, journal=journal)
    data, names = b"a: " + b"x" * (2 << 20) + b"\n", one.names()
    with one.keeper() as keeper:
        fill(directory)
        if journal is Journal.REQUIRE:
            with pytest.raises(OutOfSpace, match="the file was not touched"):
                save(keeper, one, data)
            assert one.path.read_bytes() == OLD
            assert recorded(keeper, one) == []
        else:
            saved = save(keeper, one, data)
            assert one.path.read_bytes() == data
            assert saved.revision is None
            assert "not recorded in the history" in saved.notes[0]
            assert saved.guarantees.crash_safe is (route == "replace")
        assert one.names() == names


@BOTH_ROUTES
def test_a_full_disk(small: Small, state: Path, route: str) -> None:
    """507: the old content is intact, nothing is left behind, the history says nothing of it."""
    directory = small("ext4", 16)
    one = bench(directory / "config", state, route)
    names = one.names()
    ballast = fill(directory)
    with one.keeper() as keeper:
        with pytest.raises(OutOfSpace):
            save(keeper, one, b"a: " + b"x" * (1 << 20) + b"\n")
        assert one.path.read_bytes() == OLD
        assert one.names() == names
        assert recorded(keeper, one) == [(State.APPLIED, OLD)]
        assert open_intents(keeper) == 0
        ballast.unlink()
        save(keeper, one)
    assert one.path.read_bytes() == NEW


@pytest.mark.parametrize("on_busy", [None, *OnBusy])
def test_on_busy_is_the_roots_unless_the_request_says(disk: Path, state: Path, on_busy: OnBusy | None) -> None:
    """A reader keeps the file open: refuse (as the root says here), or write and tell."""
    one = bench(disk / "config", state, "overwrite", on_busy=OnBusy.REFUSE)
    with one.keeper() as keeper, opened(one.path, os.O_RDONLY):
        if on_busy is OnBusy.WRITE:
            saved = save(keeper, one, on_busy=on_busy)
            assert not saved.guarantees.reader_atomic
            assert not saved.guarantees.compare_and_swap
            assert saved.notes
        else:
            with pytest.raises(TargetBusy):
                save(keeper, one, on_busy=on_busy)
            assert recorded(keeper, one) == [(State.APPLIED, OLD)]
    assert one.path.read_bytes() == (NEW if on_busy is OnBusy.WRITE else OLD)
