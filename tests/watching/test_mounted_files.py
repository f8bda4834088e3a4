"""Every way to change a file that is mounted itself, where no directory's watch fires, and to lose its source."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.support.needs import need
from tests.watching.changes import OLD, Case, Kind, Who, cases
from tests.watching.checking import check, state
from tests.watching.layouts import LAYOUTS
from tests.watching.world import AWAY

if TYPE_CHECKING:
    from tests.watching.world import World

WORLDS = [name for name, kind in LAYOUTS.items() if kind is Kind.MOUNTED]
pytestmark = [pytest.mark.root, pytest.mark.parametrize("world", WORLDS, indirect=True, scope="module")]


@pytest.mark.parametrize("case", cases(Kind.MOUNTED), ids=str)
def test_a_change(world: World, case: Case) -> None:
    """A write is told and recorded as in a directory; a new file in the source's place is told as a stale mount."""
    need(shutil.which(case.change.needs), f"no {case.change.needs}")
    check(world, case)


def test_a_source_moved_away_and_back(world: World) -> None:
    """The mount follows its source: told as moved, and as ok again; the file is what it was."""
    seen = world.layout.files[AWAY]
    for script, wanted, rule in (('mv "$1" "$1.away"', "moved", "MNT003"), ('mv "$1.away" "$1"', "ok", None)):
        done = world.run(Who.HOST, seen, script)
        assert state(world, seen, wanted, done)["rule"] == rule
    world.mark()
    assert [event.data["state"] for event in world.events(seen)] == ["moved", "ok"]
    assert [each["etag"] for each in world.history(seen)] == [etag(OLD)]
