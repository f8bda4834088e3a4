"""Who changes a file behind confkeep's back, in real containers: from inside, from the host, from another container."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.daemon.looking import etag
from tests.engine.watching import PLANS, bound, in_memory
from tests.support.needs import need
from tests.watching.changes import OLD, Kind, Who, cases
from tests.watching.checking import check, state
from tests.watching.layouts import LAYOUTS
from tests.watching.world import AWAY, MARKER, check_one_each

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.engine.watching import Contained
    from tests.watching.changes import Case

pytestmark = pytest.mark.root

_log = logging.getLogger(__name__)
TMPFS = "tmpfs volume"
DIRECTORIES = [name for name in PLANS if LAYOUTS[name] is Kind.IN_DIRECTORY]
MOUNTED = [name for name in PLANS if LAYOUTS[name] is Kind.MOUNTED]
PLACEHOLDER = "placeholder.yaml"


def possible(kind: Kind) -> list[Case]:
    """The containers have neither vim nor git."""
    return [case for case in cases(kind) if case.change.needs == "sh" or case.who is Who.HOST]


def in_memory_cases() -> list[Case]:
    """Nor can those of the host work in /proc/PID/root, which is no path that a file can have."""
    return [case for case in cases(Kind.IN_DIRECTORY) if case.change.needs == "sh"]


@pytest.fixture(scope="module")
def world(request: pytest.FixtureRequest, base_image: str, keeper_image: str) -> Generator[Contained]:
    """The layout whose name is the parameter, watched; in the end nothing in it was told twice or left out."""
    need(os.geteuid() == 0, "files of several owners need the superuser")
    base = Path(tempfile.mkdtemp(prefix="confkeep-watching-", dir="/var/tmp"))
    base.chmod(0o755)
    images = (base_image, keeper_image)
    others = [MARKER, AWAY, PLACEHOLDER]
    try:
        if request.param == TMPFS:
            layout = in_memory([*others, *(case.file for case in in_memory_cases())], *images)
        else:
            own = [case.file for case in possible(LAYOUTS[request.param])]
            layout = bound(request.param, base, [*others, *own], *images)
        with layout as made:
            yield made
            check_one_each(made)
            _log.info("%s: told after at most %s", request.param, made.figures())
    finally:
        shutil.rmtree(base)


@pytest.mark.parametrize("world", DIRECTORIES, indirect=True, scope="module")
@pytest.mark.parametrize("case", possible(Kind.IN_DIRECTORY), ids=str)
def test_a_change_in_a_directory(world: Contained, case: Case) -> None:
    """It is told once, as somebody else's, with the etag of what confkeep's container reads now, and recorded."""
    need(shutil.which(case.change.needs), f"no {case.change.needs}")
    check(world, case)


@pytest.mark.parametrize("world", [TMPFS], indirect=True, scope="module")
@pytest.mark.parametrize("case", in_memory_cases(), ids=str)
def test_a_change_in_memory(world: Contained, case: Case) -> None:
    """The same in a volume that is a tmpfs."""
    check(world, case)


@pytest.mark.parametrize("world", MOUNTED, indirect=True, scope="module")
@pytest.mark.parametrize("case", possible(Kind.MOUNTED), ids=str)
def test_a_change_of_a_mounted_file(world: Contained, case: Case) -> None:
    """A write is told and recorded as in a directory; a new file in the source's place is told as a stale mount."""
    need(shutil.which(case.change.needs), f"no {case.change.needs}")
    check(world, case)


@pytest.mark.parametrize("world", MOUNTED, indirect=True, scope="module")
def test_a_source_moved_away_and_back(world: Contained) -> None:
    """Told as moved, and as ok again; the file is what it was."""
    seen = world.layout.files[AWAY]
    for script, wanted, rule in (('mv "$1" "$1.away"', "moved", "MNT003"), ('mv "$1.away" "$1"', "ok", None)):
        done = world.run(Who.HOST, seen, script)
        assert state(world, seen, wanted, done)["rule"] == rule
    world.mark()
    assert [event.data["state"] for event in world.events(seen)] == ["moved", "ok"]
    assert [each["etag"] for each in world.history(seen)] == [etag(OLD)]


@pytest.mark.parametrize("world", ["nested file bind"], indirect=True, scope="module")
def test_a_placeholder_removed_on_the_host(world: Contained) -> None:
    """The container loses the mount without a word: that it is gone is told, and the file with it."""
    seen = world.layout.files[PLACEHOLDER]
    outer = Path(seen.by[Who.HOST]).parents[1] / "config" / PLACEHOLDER
    outer.unlink()
    assert world.told.wait(lambda: len(world.events(seen)) >= 2)
    world.mark()
    mount, file = world.events(seen)
    assert (mount.type, mount.data["state"]) == ("mount.changed", "unmounted")
    assert (file.type, file.data["etag"]) == ("file.removed", None)
    assert world.read(seen) is None
