"""What the doctor says: findings, what could not be looked at, and all of it together."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """Worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Source(StrEnum):
    """Where evidence comes from, weakest first.

    ``self``: our own mountinfo and statx. ``proc``: other processes' files in /proc. ``root``: stat through
    ``/proc/PID/root``. ``api``: the engine. ``compose``: a compose file.
    """

    SELF = "self"
    PROC = "proc"
    ROOT = "root"
    API = "api"
    COMPOSE = "compose"


@dataclass(frozen=True, slots=True)
class Location:
    """A line (from 1) of a compose file that a finding can be mended in."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One rule's finding about one thing.

    ``container``: the name of the container (or service, or ``pid 4711``), "" for our own view. ``path``: what it is
    about as that container sees it. ``host_path``: the same on the host, where known. ``evidence``: the very line of
    mountinfo, or what the kernel or engine said. ``patch``: a change of the compose file as a unified diff, or "".
    """

    rule: str
    severity: Severity
    container: str
    path: str
    message: str
    remedy: str
    evidence: str
    host_path: str | None = None
    location: Location | None = None
    patch: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A rule that could not look (at ``what``, "" for everything), and why: never taken for "all is well"."""

    rule: str
    reason: str
    what: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """``sources``: of each source whether it could be used, "ok" or why not."""

    findings: tuple[Diagnosis, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    sources: dict[Source, str] = field(default_factory=dict[Source, str])
