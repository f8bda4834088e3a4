"""Loading the settings: one TOML file, then flags over it. Every error names the file, the line and the key."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec

from confkeep.daemon.settings import RootSettings, Settings
from confkeep.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confkeep.daemon.settings import AccessSettings, WhoSettings

T = TypeVar("T")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: Half of the kernel's lease-break-time of 45 s: a save that has waited longer would not write (seconds).
_LONGEST_WAIT: Final = 20
#: chown(2) takes the largest 32-bit number for "leave it".
_LARGEST_ID: Final = (1 << 32) - 2
_COUNTS: Final = ("max_body", "max_headers", "max_header_bytes", "max_changes", "max_streams")
_KEEPS: Final = ("keep_revisions", "keep_days", "keep_bytes")
#: What msgspec says of where it was and which field it means.
_AT: Final = re.compile(r"at `\$([^`]*)`")
_FIELD: Final = re.compile(r"field `([^`]*)`")
#: A line of TOML (toml.io/en/v1.0.0) that begins a table, or gives a key.
_HEADER: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_KEY: Final = re.compile(r"\s*([^=#\[\]]+?)\s*=")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where settings come from, and its text, to say in which line a key is."""

    name: str
    text: str = ""

    @property
    def file(self) -> str:
        """Its path, "" where settings come from flags alone."""
        return self.name if self.text else ""

    def at(self, *keys: str) -> str:
        """``FILE:LINE`` of the key, or of the table that it is (or should be) in; the name alone for a flag."""
        table: list[str] = []
        best, found = 0, 0
        for number, line in enumerate(self.text.splitlines(), 1):
            header, key = _HEADER.match(line), _KEY.match(line)
            table = _keys(header[1]) if header else table
            whole = table if header else [*table, *_keys(key[1])] if key else []
            if len(whole) > best and list(keys[: len(whole)]) == whole:
                best, found = len(whole), number
        return f"{self.name}:{found}" if found else self.name


def _keys(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


def load(
    config: str | None = None,
    *,
    roots: Iterable[str] = (),
    state: str | None = None,
    socket: str | None = None,
) -> Settings:
    """The settings of the file ``config``, with flags over it; ``roots`` are ``NAME=PATH``.

    Raises SettingsError naming the file, the line and the key.
    """
    source, raw = (_Source("the flags"), dict[str, Any]()) if config is None else _read(config)
    for flag in roots:
        name, equals, path = flag.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"--root {flag!r} is not NAME=PATH", remedy="write --root homeassistant=/config")
        so_far = _table(_table(raw.setdefault("roots", {}), source).setdefault(name, {}), source)
        so_far["path"] = path
    raw |= {key: value for key, value in (("state", state), ("socket", socket)) if value is not None}
    named = _table(raw.get("roots", {}), source)
    raw["roots"] = {name: _convert(root, RootSettings, source, "roots", name) for name, root in named.items()}
    settings = _convert(raw, Settings, source)
    _check(settings, source)
    return settings


def _table(value: object, source: _Source) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(
            f"{source.at('roots')}: roots: not a table of tables", remedy="write [roots.NAME] and path = …"
        )
    return cast("dict[str, Any]", value)


def _convert(raw: object, kind: type[T], source: _Source, *table: str) -> T:
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        at, field = _AT.search(str(error)), _FIELD.search(str(error))
        keys = [*table, *(part for part in re.split(r"[.\[\]]", at[1] if at else "") if part)]
        keys += [field[1]] if field else []
        what = str(error).partition(" - at ")[0]
        raise SettingsError(
            f"{source.at(*keys)}: {'.'.join(keys)}: {what}", remedy="correct that key (docs/settings.md lists them)"
        ) from error


def _read(config: str) -> tuple[_Source, dict[str, Any]]:
    try:
        with open(config, encoding="utf-8") as file:
            text = file.read()
        return _Source(config, text), tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{config}: {error.strerror}", remedy="name a readable TOML file") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise SettingsError(f"{config} is not TOML: {error}", remedy="correct that line") from error


def _check(settings: Settings, source: _Source) -> None:
    if not settings.roots:
        raise SettingsError(
            f"{source.name}: no roots",
            remedy="name what may be edited: --root homeassistant=/config, or [roots.NAME] path = …",
        )
    _check_ids(settings.access, source)
    for name, root in settings.roots.items():
        _check_root(settings, name, root, source)
    for key in _COUNTS:
        if getattr(settings, key) < 1:
            raise SettingsError(f"{source.at(key)}: {key} is {getattr(settings, key)}", remedy="give a number above 0")


def _check_ids(access: AccessSettings, source: _Source) -> None:
    named: dict[tuple[str, ...], tuple[int, ...]] = {
        ("access", "group"): () if access.group is None else (access.group,)
    }
    for role in ("readers", "editors", "admins"):
        who: WhoSettings = getattr(access, role)
        named |= {("access", role, "uids"): who.uids, ("access", role, "gids"): who.gids}
    for keys, numbers in named.items():
        for number in numbers:
            if not 0 <= number <= _LARGEST_ID:
                raise SettingsError(
                    f"{source.at(*keys)}: {'.'.join(keys)}: {number} is no id",
                    remedy=f"give numbers from 0 to {_LARGEST_ID}",
                )


def _check_root(settings: Settings, name: str, root: RootSettings, source: _Source) -> None:
    def wrong(key: str, what: str, remedy: str) -> SettingsError:
        return SettingsError(f"{source.at('roots', name, key)}: roots.{name}: {what}", remedy=remedy)

    if not _NAME.fullmatch(name):
        raise wrong("path", f"{name!r} cannot name a root", "use letters, digits, '.', '_' and '-', at most 64")
    if not root.path or "\0" in root.path:
        raise wrong("path", f"path is {root.path!r}", "name a directory or a file")
    ours = {"state directory": settings.state, "socket": settings.socket, "settings file": source.file}
    for what, path in ours.items():
        if path and _holds(root.path, path):
            raise wrong("path", f"the {what} {path} is inside it and would be editable", f"put the {what} elsewhere")
    if not 0 <= root.lease_wait <= _LONGEST_WAIT:
        remedy = f"give a number of seconds from 0 to {_LONGEST_WAIT}"
        raise wrong("lease_wait", f"lease_wait is {root.lease_wait}", remedy)
    if "" in root.formats:
        raise wrong("formats", "formats has an empty glob", 'name files: {"*.conf" = "ini"}')
    for key in _KEEPS:
        if getattr(root, key) < 0:
            raise wrong(key, f"{key} is {getattr(root, key)}", "give a number, or 0 for no limit")


def _holds(root: str, path: str) -> bool:
    root, path = os.path.realpath(root), os.path.realpath(path)
    return path == root or path.startswith(root.rstrip("/") + "/")
