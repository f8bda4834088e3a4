"""A change by others is told also where it was recorded before the watching came by, or could not be at first."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from confkeep.errors import ConfkeepError
from confkeep.expect import ANYTHING
from confkeep.files.root import OnBusy, RoutePolicy
from confkeep.history.revisions import Origin
from confkeep.keeper import Request
from confkeep.watch.told import Told
from confkeep.watch.watching import Watching
from tests.watch.listening import Heard

if TYPE_CHECKING:
    from pathlib import Path

    from confkeep.files.root import Root
    from confkeep.keeper import Keeper
    from tests.watch.conftest import Watch


def test_saved_again_before_it_was_seen(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """An editor saves the very bytes that somebody has just written: no save of ours, and a change all the same."""
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(root)
    (config / "a.yaml").write_bytes(b"2\n")
    saved = keeper.save(root, "a.yaml", Request(b"2\n", ANYTHING))
    assert not saved.changed
    assert heard.content("a.yaml", b"2\n").revision == saved.revision
    os.utime(config / "a.yaml")
    heard.nothing_more()
    assert [each.origin for each in keeper.history(root, "a.yaml", 9)] == [Origin.EXTERNAL] * 2


def test_before_a_save_that_fails(keeper: Keeper, root: Root, config: Path, watch: Watch) -> None:
    """The save records what it found, and is withdrawn: what it found is told."""
    (config / "a.yaml").write_bytes(b"1\n")
    heard = watch(replace(root, route=RoutePolicy.OVERWRITE))
    (config / "a.yaml").write_bytes(b"2\n")
    busy = replace(root, route=RoutePolicy.OVERWRITE, on_busy=OnBusy.REFUSE, lease_wait=0.0)
    with (config / "a.yaml").open("rb"), pytest.raises(ConfkeepError):
        keeper.save(busy, "a.yaml", Request(b"3\n", ANYTHING))
    heard.content("a.yaml", b"2\n")
    heard.nothing_more()


def test_what_the_state_directory_kept_from_being_seen(
    keeper: Keeper, root: Root, config: Path, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No descriptor is left for the lock, say: tried again, and nothing else is begun anew for that."""
    heard = watch(root)
    with monkeypatch.context() as patch:
        patch.setattr(keeper, "_lock_file", str(config / "missing" / "locks"))
        (config / "a.yaml").write_bytes(b"1\n")
        heard.nothing_more()
    heard.content("a.yaml", b"1\n")


def test_settings_are_read_again(keeper: Keeper, root: Root, config: Path) -> None:
    """A file that has just come is no old one, only because the watching has begun anew before it was seen."""
    (config / "old.yaml").write_bytes(b"1\n")
    time.sleep(0.1)
    heard = Heard()
    watching = Watching(keeper, heard)
    try:
        watching.watch([root])
        time.sleep(0.1)
        (config / "a.yaml").write_bytes(b"1\n")
        time.sleep(0.02)  # the kernel's clock goes on
        watching.watch([root])
        heard.content("a.yaml", b"1\n")
        heard.nothing_more()
    finally:
        watching.close()


def test_how_much_is_remembered() -> None:
    """So many files; of the others, what is older than the youngest that was forgotten counts as told."""
    told = Told()
    told.begin(10)
    assert told.has("any", 10)
    assert not told.has("any", 11)
    for number in range(11, 6_000):
        told.add(str(number), number)
    assert told.has("5999", 5_999)
    assert not told.has("another", 5_999)
    assert told.has("another", 11)
