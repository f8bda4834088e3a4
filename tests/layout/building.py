"""Layouts made of a few words: what a container mounts, what is seen of it, and what the doctor says of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confkeep.layout.diagnosis import Source
from confkeep.layout.doctor import diagnose
from confkeep.layout.model import OK, Container, Declared, Scope, Stat
from confkeep.layout.mounttable import parse_table
from confkeep.layout.survey import Survey

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.files.mounts import Mount
    from confkeep.layout.diagnosis import Diagnosis, Skipped
    from confkeep.layout.model import Kind

ROOT = "10 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/lower,upperdir=/upper/diff,workdir=/upper/work"
READ_ONLY_ROOT = ROOT.replace(" rw,relatime", " ro,relatime")
#: What every container has besides, and no rule is to mention.
ENGINES = (
    "11 10 0:51 / /proc rw - proc proc rw",
    "12 10 0:52 / /dev rw - tmpfs tmpfs rw",
    "13 10 254:0 /var/lib/docker/containers/x/hosts /etc/hosts rw - ext4 /dev/vda rw",
)
HOST = ("1 0 254:0 / / rw - ext4 /dev/vda rw", "2 1 254:1 / /mnt/usb rw - ext4 /dev/sdb rw")


def line(root: str, point: str, options: str = "rw", filesystem: str = "ext4", device: str = "254:0") -> str:
    """One line of mountinfo."""
    return f"20 10 {device} {root} {point} {options} - {filesystem} /dev/vda rw"


def table(*lines: str) -> tuple[Mount, ...]:
    """Those lines as a table."""
    return parse_table("\n".join(lines))


def stat(
    kind: Kind = "file",
    ino: int = 7,
    *,
    mode: int = 0o644,
    owner: int = 0,
    dev: str = "254:0",
    nlink: int = 1,
    **more: Any,
) -> Stat:
    """Something that was looked at."""
    return Stat(kind, dev, ino, nlink, mode, owner, owner, **more)


def bind(source: str, destination: str, **more: Any) -> Declared:
    """What the engine was told: `-v SOURCE:DESTINATION`."""
    return Declared("bind", source, destination, **more)


def volume(name: str, destination: str) -> Declared:
    """What the engine was told: `-v NAME:DESTINATION`."""
    return Declared("volume", f"/var/lib/docker/volumes/{name}/_data", destination, volume=name)


def container(*lines: str, name: str = "app", root: str = ROOT, **more: Any) -> Container:
    """A running container with these mounts, as /proc shows it; with none, one of which only the engine knows."""
    mounts = table(root, *ENGINES, *lines) if lines else None
    return Container(name=name, id=name.encode().hex().ljust(64, "0"), table=mounts, **more)


def survey(*containers: Container, host: Iterable[str] = HOST, **more: Any) -> Survey:
    """A survey that lacks no source."""
    return Survey(containers, dict.fromkeys(Source, OK), table(*host), **more)


def findings(rule: str, surveyed: Survey, **scope: Any) -> list[Diagnosis]:
    """What that rule finds."""
    return [one for one in diagnose(surveyed, Scope(**scope)).findings if one.rule == rule]


def skips(rule: str, surveyed: Survey, **scope: Any) -> list[Skipped]:
    """What that rule could not judge."""
    return [one for one in diagnose(surveyed, Scope(**scope)).skipped if one.rule == rule]


def paths(rule: str, surveyed: Survey, **scope: Any) -> list[str]:
    """The paths that it finds something about."""
    return [one.path for one in findings(rule, surveyed, **scope)]
