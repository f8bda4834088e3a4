"""Every way to change a file in a mounted directory, by everybody who can: what is told of it, and what is recorded."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.support.needs import need
from tests.watching.changes import OLD, Case, Kind, Who, cases
from tests.watching.checking import check
from tests.watching.layouts import LAYOUTS
from tests.watching.world import AWAY, MOMENTS

if TYPE_CHECKING:
    from tests.watching.layouts import Seen
    from tests.watching.world import World

WORLDS = [
    pytest.param(name, marks=pytest.mark.slow if "FUSE" in name else ())  # polled: each change takes its time
    for name, kind in LAYOUTS.items()
    if kind is Kind.IN_DIRECTORY
]
pytestmark = [pytest.mark.root, pytest.mark.parametrize("world", WORLDS, indirect=True, scope="module")]


@pytest.mark.parametrize("case", cases(Kind.IN_DIRECTORY), ids=str)
def test_a_change(world: World, case: Case) -> None:
    """It is told once, as somebody else's, with the etag of what confkeep's container reads now, and recorded."""
    need(shutil.which(case.change.needs), f"no {case.change.needs}")
    check(world, case)


def test_a_file_moved_away_and_back(world: World) -> None:
    """It is gone, and it is there again: both are told, and its history goes on."""
    seen = world.layout.files[AWAY]
    world.run(Who.HOST, seen, 'mv "$1" "$1.away"')
    assert world.told.wait(lambda: len(world.events(seen)) == 1)
    world.run(Who.HOST, seen, 'mv "$1.away" "$1"')
    assert world.told.wait(lambda: len(world.events(seen)) == 2)
    world.mark()
    gone, back = world.events(seen)
    assert (gone.type, gone.data["etag"]) == ("file.removed", None)
    assert (back.type, back.data["etag"], back.data["created"]) == ("file.changed", etag(OLD), True)
    assert [each["etag"] for each in world.history(seen)] == [etag(OLD), None, etag(OLD)]


def _is_told(world: World, seen: Seen, wanted: str) -> bool:
    return [event.data["etag"] for event in world.events(seen)][-1:] == [wanted]


#: Seconds for which a file may be gone without being told as removed, less what a script may miss it by.
_SHORT = 0.2


def test_a_file_that_is_gone_for_a_moment(world: World) -> None:
    """Editors move the old file away first: that is one change, and no removal."""
    new = b"greeting: new\n"
    for name in MOMENTS:
        seen = world.layout.files[name]
        path = Path(seen.by[Who.HOST])
        begun = time.monotonic()
        path.rename(path.with_suffix(".away"))
        time.sleep(_SHORT / 2)
        path.write_bytes(new)
        took = time.monotonic() - begun
        assert world.told.wait(partial(_is_told, world, seen, etag(new)))
        if took < _SHORT:
            assert [event.type for event in world.events(seen)] == ["file.changed"]
            return
    pytest.fail(f"this machine never wakes within {_SHORT} s")
