"""The files of a capture: one folder is one moment, and each container has a name in it.

    capture.json                 what each source said of itself; whether SELinux enforces
    mountinfo.hostself           the host's own mounts
    inspect[.NAME].json          what the engine says (only what layout/inspected.py lists)
    mountinfo.hostview[.NAME]    /proc/PID/mountinfo
    cgroup.container[.NAME]  uid_map[.NAME]  status[.NAME]     the files of /proc/PID by these names
    stat[.NAME].json             paths as the container sees them, as the host does; what the image has; its own layer

Every file may be missing: then that piece of evidence is. This module names the files and reads and writes stat.json.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from confkeep.layout.loose import mapping, strings
from confkeep.layout.model import Kind, Stat

if TYPE_CHECKING:
    from collections.abc import Mapping

CAPTURE: Final = "capture.json"
HOST_TABLE: Final = "mountinfo.hostself"
#: Of the files that each container has: what is before and after its name.
INSPECT: Final = ("inspect", ".json")
TABLE: Final = ("mountinfo.hostview", "")
CGROUP: Final = ("cgroup.container", "")
UID_MAP: Final = ("uid_map", "")
STATUS: Final = ("status", "")
STAT: Final = ("stat", ".json")
#: What capture.json says of the format.
FORMAT: Final = 1
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]")


class Looked(NamedTuple):
    """What stat.json holds."""

    inside: dict[str, Stat | None]
    host: dict[str, Stat | None]
    image: dict[str, bool]
    layer: tuple[str, ...] | None


def file_name(kind: tuple[str, str], name: str) -> str:
    """Of one container's file. The name is made harmless: it came from an engine."""
    harmless = _UNSAFE.sub("_", name).strip(".")
    return f"{kind[0]}.{harmless}{kind[1]}" if harmless else "".join(kind)


def name_in(kind: tuple[str, str], file: str) -> str | None:
    """The container that this file is about ("" where the capture has only one), None if it is of another kind."""
    before, after = kind
    if not (file.startswith(before) and file.endswith(after)):
        return None
    name = file[len(before) : len(file) - len(after)]
    return name.removeprefix(".") if not name or name.startswith(".") else None


def read_looked(document: Mapping[str, Any]) -> Looked:
    """Out of stat.json. Raises ValueError, TypeError or KeyError where it is none."""
    return Looked(
        inside=_stats(mapping(document.get("inside"))),
        host=_stats(mapping(document.get("host"))),
        image={str(path): bool(filled) for path, filled in mapping(document.get("image")).items()},
        layer=None if document.get("layer") is None else tuple(strings(document["layer"])),
    )


def written(looked: Looked) -> dict[str, Any]:
    """For stat.json."""
    return {
        "inside": {path: _written(stat) for path, stat in looked.inside.items()},
        "host": {path: _written(stat) for path, stat in looked.host.items()},
        "image": looked.image,
        "layer": looked.layer,
    }


def _stats(document: Mapping[str, Any]) -> dict[str, Stat | None]:
    return {str(path): None if stat is None else _stat(mapping(stat)) for path, stat in document.items()}


def _stat(document: Mapping[str, Any]) -> Stat:
    return Stat(
        kind=cast("Kind", str(document["kind"])),
        dev=str(document["dev"]),
        ino=int(document["ino"]),
        nlink=int(document["nlink"]),
        mode=int(str(document["mode"]), 8),
        uid=int(document["uid"]),
        gid=int(document["gid"]),
        size=int(document.get("size", 0)),
        target=str(document.get("target", "")),
        label=str(document.get("label", "")),
    )


def _written(stat: Stat | None) -> dict[str, Any] | None:
    if stat is None:
        return None
    return {**{key: value for key, value in stat._asdict().items() if value != ""}, "mode": f"{stat.mode:o}"}
