"""Captures of layouts with any number of containers, as ``confkeep doctor --capture`` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.layout.capture import capture
from confkeep.layout.diagnosis import Source
from confkeep.layout.model import OK, Container, Declared, Stat
from confkeep.layout.mounttable import parse_table
from confkeep.layout.survey import Survey

if TYPE_CHECKING:
    from pathlib import Path

_HOST: Final = parse_table("27 1 254:0 / / rw,relatime - ext4 /dev/vda rw")
_FILES: Final = 4
_SHARED: Final = "/srv/shared"


def captured(directory: Path, count: int) -> str:
    """A capture of ``count`` containers in ``directory``, which is made; its path."""
    everything = dict.fromkeys(Source, OK)
    capture(Survey(tuple(map(_container, range(count))), everything, _HOST, selinux=False), str(directory))
    return str(directory)


def _container(number: int) -> Container:
    """With some files mounted singly, and a directory that all share."""
    own = {f"/srv/{number}/{file}.yaml": f"/config/{file}.yaml" for file in range(_FILES)}
    sources = {**own, _SHARED: "/shared"}
    lines = ["100 90 0:50 / / rw - overlay overlay rw"]
    lines += [f"{100 + n} 100 254:0 {s} {p} rw - ext4 /dev/vda rw" for n, (s, p) in enumerate(sources.items(), 1)]
    stats = {source: Stat("file", "254:0", number * _FILES + n + 3, 1, 0o644, 0, 0) for n, source in enumerate(own)}
    stats[_SHARED] = Stat("directory", "254:0", 2, 2, 0o755, 0, 0)
    return Container(
        name=f"app-{number}",
        id=f"{number:064x}",
        table=parse_table("\n".join(lines)),
        declared=tuple(Declared("bind", source, path) for source, path in sources.items()),
        inside={sources[source]: stat for source, stat in stats.items()},
        host=stats,
    )
