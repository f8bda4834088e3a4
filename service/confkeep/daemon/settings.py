"""The settings of the daemon: what there is, and what holds where nothing is said (docs/settings.md)."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Final, Literal, TypeAlias

import msgspec

from confkeep.documents.format import Format
from confkeep.files.root import AUTO, CONFIGURATION, LEASE_WAIT, Journal, OnBusy, Root, RoutePolicy
from confkeep.history.retention import Policy

DEFAULT_SOCKET: Final = "/run/confkeep/confkeep.sock"
DEFAULT_STATE: Final = "/var/lib/confkeep"
#: Home Assistant's and ESPHome's secrets, the environment of compose, private keys.
SECRETS: Final = ("secrets.yaml", "secrets.yml", ".env", "*.env", "*.key", "*.pem")
_MiB: Final = 1 << 20


#: ``auto``: by the name of the file, and by what is in the root (kind.py).
DialectSetting: TypeAlias = Literal["auto", "generic", "home-assistant", "esphome", "compose"]


class LogFormat(StrEnum):
    """How a line of the log is written."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which severity on."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class RootSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[roots.NAME]``. ``lease_wait`` is in seconds; of what ``keep_…`` limits, 0 means all (history/retention.py).

    ``dialect``: who reads the documents. ``formats``: a format for each of these globs, the first that fits.
    ``watch``: whether changes by others are recorded and told; globs instead of those of files.root say of which files.
    """

    path: str
    route: RoutePolicy = RoutePolicy.AUTO
    on_busy: OnBusy = OnBusy.WRITE
    journal: Journal = Journal.REQUIRE
    lease_wait: float = LEASE_WAIT
    watch: bool | tuple[str, ...] = True
    dialect: DialectSetting = AUTO
    formats: dict[str, Format] = {}
    keep_revisions: int = Policy.revisions
    keep_days: int = Policy.days
    keep_bytes: int = Policy.size


class WhoSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[access.ROLE]``: numeric ids, as the kernel sees them on the daemon's side of the socket."""

    uids: tuple[int, ...] = ()
    gids: tuple[int, ...] = ()


class AccessSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[access]``. ``group``: the socket's group, which may connect; None: the daemon's own."""

    group: int | None = None
    readers: WhoSettings = WhoSettings()
    editors: WhoSettings = WhoSettings()
    admins: WhoSettings = WhoSettings()


class LogSettings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """``[log]``."""

    format: LogFormat = LogFormat.TEXT
    level: LogLevel = LogLevel.INFO


class Settings(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The whole file.

    ``max_body`` is in bytes; ``max_headers`` and ``max_header_bytes`` are of one request, ``max_streams`` of one user.
    ``survey``: whether other processes' mounts are looked at, to know who else holds a file.
    ``secrets``: globs (fnmatch) of names, or of paths below a root, of files whose content never leaves but by GET.
    """

    socket: str = DEFAULT_SOCKET
    state: str = DEFAULT_STATE
    max_body: int = 16 * _MiB
    max_headers: int = 100
    max_header_bytes: int = 32 << 10
    max_changes: int = 100
    max_streams: int = 200
    secrets: tuple[str, ...] = SECRETS
    survey: bool = True
    access: AccessSettings = AccessSettings()
    log: LogSettings = LogSettings()
    roots: dict[str, RootSettings] = {}

    def as_roots(self) -> dict[str, Root]:
        """The roots as the keeper takes them."""
        return {
            name: Root(
                name=name,
                path=os.path.abspath(root.path),
                route=root.route,
                on_busy=root.on_busy,
                journal=root.journal,
                lease_wait=root.lease_wait,
                secrets=self.secrets,
                watch=_globs(root.watch),
                formats=tuple((glob, format_.value) for glob, format_ in root.formats.items()),
                dialect=root.dialect,
            )
            for name, root in self.roots.items()
        }

    def policies(self) -> dict[str, Policy]:
        """What is kept of the history, by the path of each root."""
        return {
            os.path.abspath(root.path): Policy(root.keep_revisions, root.keep_days, root.keep_bytes)
            for root in self.roots.values()
        }


def _globs(watch: bool | tuple[str, ...]) -> tuple[str, ...]:  # noqa: FBT001 - as it is in the file
    if isinstance(watch, bool):
        return CONFIGURATION if watch else ()
    return watch
