"""Settings of the daemon: one TOML file, then flags over it."""

from __future__ import annotations

import os
import re
import tomllib
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec

from confkeep.errors import SettingsError
from confkeep.files.root import LEASE_WAIT, Journal, OnBusy, Root, RoutePolicy
from confkeep.history.retention import Policy

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_SOCKET: Final = "/run/confkeep/confkeep.sock"
DEFAULT_STATE: Final = "/var/lib/confkeep"
T = TypeVar("T")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MiB: Final = 1 << 20
#: Half of the kernel's lease-break-time of 45 s: a save that has waited longer would not write (seconds).
_LONGEST_WAIT: Final = 20


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
    """``[roots.NAME]``. ``lease_wait`` is in seconds; of what ``keep_…`` limits, 0 means all (history/retention.py)."""

    path: str
    route: RoutePolicy = RoutePolicy.AUTO
    on_busy: OnBusy = OnBusy.WRITE
    journal: Journal = Journal.REQUIRE
    lease_wait: float = LEASE_WAIT
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
    """The whole file. ``max_body`` is in bytes, ``max_headers`` and ``max_header_bytes`` are of one request.

    ``secrets``: globs (fnmatch) of names, or of paths below a root, of files whose content never leaves but by GET.
    """

    socket: str = DEFAULT_SOCKET
    state: str = DEFAULT_STATE
    max_body: int = 16 * _MiB
    max_headers: int = 100
    max_header_bytes: int = 32 << 10
    max_changes: int = 100
    secrets: tuple[str, ...] = ("secrets.yaml", "secrets.yml", ".env", "*.env", "*.key", "*.pem")
    access: AccessSettings = AccessSettings()
    log: LogSettings = LogSettings()
    roots: dict[str, RootSettings] = {}

    def as_roots(self) -> dict[str, Root]:
        """The roots as the keeper takes them."""
        return {
            name: Root(name, os.path.abspath(root.path), root.route, root.on_busy, root.journal, root.lease_wait)
            for name, root in self.roots.items()
        }

    def policies(self) -> dict[str, Policy]:
        """What is kept of the history, by the path of each root."""
        return {
            os.path.abspath(root.path): Policy(root.keep_revisions, root.keep_days, root.keep_bytes)
            for root in self.roots.values()
        }


def load(
    config: str | None = None,
    *,
    roots: Iterable[str] = (),
    state: str | None = None,
    socket: str | None = None,
) -> Settings:
    """The settings of the file ``config``, with flags over it; ``roots`` are ``NAME=PATH``.

    Raises SettingsError naming the file and the key.
    """
    raw = {} if config is None else _read(config)
    where = config or "the flags"
    for flag in roots:
        name, equals, path = flag.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"--root {flag!r} is not NAME=PATH", remedy="write --root homeassistant=/config")
        so_far = _table(_table(raw.setdefault("roots", {}), where).setdefault(name, {}), where)
        so_far["path"] = path
    raw |= {key: value for key, value in (("state", state), ("socket", socket)) if value is not None}
    named = _table(raw.get("roots", {}), where)
    raw["roots"] = {name: _convert(root, RootSettings, f"{where}: roots.{name}") for name, root in named.items()}
    settings = _convert(raw, Settings, where)
    _check(settings, where)
    return settings


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{where}: roots: not a table of tables", remedy="write [roots.NAME] and path = …")
    return cast("dict[str, Any]", value)


def _convert(raw: object, kind: type[T], where: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {error}", remedy="correct the key that is named (after 'at')") from error


def _read(config: str) -> dict[str, Any]:
    try:
        with open(config, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise SettingsError(f"{config}: {error.strerror}", remedy="name a readable TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{config} is not TOML: {error}", remedy="correct that line") from error


def _check(settings: Settings, where: str) -> None:
    if not settings.roots:
        raise SettingsError(
            f"{where}: no roots",
            remedy="name what may be edited: --root homeassistant=/config, or [roots.NAME] path = …",
        )
    for name, root in settings.roots.items():
        if _holds(root.path, settings.state):
            raise SettingsError(
                f"{where}: roots.{name}: the state directory {settings.state} is inside it and would be editable",
                remedy="put the state directory elsewhere (--state)",
            )
        if not 0 <= root.lease_wait <= _LONGEST_WAIT:
            raise SettingsError(
                f"{where}: roots.{name}: lease_wait is {root.lease_wait}",
                remedy=f"give a number of seconds from 0 to {_LONGEST_WAIT}",
            )
        for key in ("keep_revisions", "keep_days", "keep_bytes"):
            if getattr(root, key) < 0:
                raise SettingsError(
                    f"{where}: roots.{name}: {key} is {getattr(root, key)}", remedy="give a number, or 0 for no limit"
                )
        if not root.path:
            raise SettingsError(f"{where}: roots.{name}: path is empty", remedy="name a directory or a file")
        if not _NAME.fullmatch(name):
            raise SettingsError(
                f"{where}: {name!r} cannot name a root", remedy="use letters, digits, '.', '_' and '-', at most 64"
            )
    for key in ("max_body", "max_headers", "max_header_bytes", "max_changes"):
        if getattr(settings, key) < 1:
            raise SettingsError(f"{where}: {key} is {getattr(settings, key)}", remedy="give a number above 0")


def _holds(root: str, path: str) -> bool:
    root, path = os.path.realpath(root), os.path.realpath(path)
    return path == root or path.startswith(root.rstrip("/") + "/")
