from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from confkeep.layout.diagnosis import Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.model import OK, Container, Declared, Stat
from confkeep.layout.mounttable import parse_table
from confkeep.layout.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = parse_table("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw")
SHARED = "/srv/shared"
FILES = 4


def container(number: int) -> Container:
    """One with some files of its own, mounted singly, and a directory that all share."""
    own = {f"/srv/{number}/{file}.yaml": f"/config/{file}.yaml" for file in range(FILES)}
    sources = {**own, SHARED: "/shared"}
    lines = ["100 90 0:50 / / rw - overlay overlay rw"]
    lines += [f"{100 + n} 100 254:0 {s} {p} rw - ext4 /dev/vda rw" for n, (s, p) in enumerate(sources.items(), 1)]
    stats = {source: Stat("file", "254:0", hash(source), 1, 0o644, 0, 0) for source in own}
    stats[SHARED] = Stat("directory", "254:0", 2, 2, 0o755, 0, 0)
    return Container(
        name=f"app-{number}",
        id=f"{number:064x}",
        table=parse_table("\n".join(lines)),
        declared=tuple(Declared("bind", source, path) for source, path in sources.items()),
        inside={sources[source]: stat for source, stat in stats.items()},
        host=stats,
    )


def survey(count: int) -> Survey:
    """That many of them."""
    everything = dict.fromkeys(Source, OK)
    return Survey(tuple(map(container, range(count))), everything, HOST, selinux=False)


def calls(work: Callable[[], object]) -> int:
    """How many functions are called, in Python or in C: that does not depend on how busy the machine is."""
    count = 0

    def tell(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(tell)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_diagnosis_grows_with_the_containers() -> None:
    """Twice as many containers, twice the work: no rule compares each with each."""
    assert calls(lambda: diagnose(survey(200))) < 2.3 * calls(lambda: diagnose(survey(100)))


@pytest.mark.parametrize("count", [1, 100])
def test_holders_do_not(count: int) -> None:
    """Who holds one inode is the same few look-ups among a hundred containers as in one."""
    prepared = survey(count)
    seen = prepared.containers[0].host["/srv/0/0.yaml"]
    assert seen is not None
    (found,) = prepared.holders(seen.inode, ("254:0", "/srv/0/0.yaml"))
    assert (found.container.name, found.path) == ("app-0", "/config/0.yaml")
    assert calls(lambda: prepared.holders(seen.inode, ("254:0", "/srv/0/0.yaml"))) < 50
    assert prepared.holders(("254:0", 1), None) == ()
    assert replace(prepared, containers=()).holders(seen.inode, None) == ()
