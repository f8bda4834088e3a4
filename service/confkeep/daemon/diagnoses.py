"""The bodies of the doctor's answers: what layout/report.py and layout/picture.py say, as types."""

from __future__ import annotations

from typing import cast

import msgspec

from confkeep.errors import shown


class LocationAnswer(msgspec.Struct):
    """A line (from 1) of a compose file."""

    file: str
    line: int


class DiagnosisAnswer(msgspec.Struct):
    """One finding. ``path`` is the container's, ``container`` is empty where it is about confkeep itself."""

    rule: str
    name: str
    severity: str
    container: str
    path: str
    host_path: str | None
    message: str
    remedy: str
    evidence: str
    location: LocationAnswer | None
    patch: str


class SkippedAnswer(msgspec.Struct):
    """A rule that could not look, and why: never taken for "all is well"."""

    rule: str
    name: str
    reason: str
    what: str


class DoctorAnswer(msgspec.Struct):
    """What `confkeep doctor --format json` prints. ``sources``: of each "ok", or why it could not be used."""

    version: int
    findings: list[DiagnosisAnswer]
    skipped: list[SkippedAnswer]
    sources: dict[str, str]


class MountedAnswer(msgspec.Struct):
    """One mount of a file or directory: in which container, and where. ``evidence``: the line of mountinfo."""

    container: str
    path: str
    read_only: bool
    evidence: str


class HeldAnswer(msgspec.Struct):
    """One file or directory of the host that is mounted. ``verified``: it is the same inode on both sides."""

    host_path: str | None
    verified: bool
    kind: str
    stale: bool
    device: str | None
    inode: int | None
    mounts: list[MountedAnswer]


class MountsAnswer(msgspec.Struct):
    """What `confkeep mounts --format json` prints. ``unmounted``: containers without any mount."""

    version: int
    files: list[HeldAnswer]
    unmounted: list[str]
    sources: dict[str, str]


def plain(value: object) -> object:
    """The same without bytes that are no UTF-8, which a path may have and JSON may not."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list):
        return [plain(each) for each in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in cast("dict[str, object]", value).items()}
    return value
