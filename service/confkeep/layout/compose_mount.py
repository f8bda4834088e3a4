"""One mount that a service declares, and its two notations: ``./a:/b:ro`` and the mapping with ``type``.

Sources: the Compose specification, "volumes"; what it leaves open was tried with Compose 5.6.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_nodes import Mapping, Scalar
from confkeep.layout.compose_variables import Unresolved, expand

if TYPE_CHECKING:
    from collections import abc

    from confkeep.layout.compose_nodes import Item, Node, Text

_TRUE: Final = {"true", "t", "yes", "y", "on", "1"}
_DEEPEST: Final = 200
_PATH_STARTS: Final = (".", "/", "~")


class Kind(StrEnum):
    """The types of the long notation that the check knows, and the two that have a list of their own."""

    BIND = "bind"
    VOLUME = "volume"
    TMPFS = "tmpfs"
    CONFIG = "config"
    SECRET = "secret"  # noqa: S105 - the name of a type


@dataclass(frozen=True, slots=True)
class Mount:
    """``source``: an absolute path of this host, a volume's name, or "". ``target``: absolute, without a last slash.

    ``creates``: the engine makes a directory where the source is missing. ``options``: all others that the entry has.
    ``volume``: the named volume that is a bind by its ``driver_opts``.
    ``item``: its entry in the list.
    """

    service: str
    kind: Kind
    source: str
    target: str
    item: Item
    read_only: bool = False
    creates: bool = False
    options: frozenset[str] = frozenset()
    volume: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """What paths and variables of the file mean: its directory, the environment with .env."""

    text: Text
    directory: str
    variables: abc.Mapping[str, str]

    def string(self, node: Node | None) -> str:
        """The value of a scalar with its variables, "" for none. Raises Unresolved, InvalidDocument."""
        if node is None:
            return ""
        if not isinstance(node, Scalar):
            raise self.text.invalid(node.span, "a single value is expected here")
        value = "" if node.is_null else expand(node.text, self.variables)
        if value.count("/") > _DEEPEST:
            raise Unresolved(f"a path more than {_DEEPEST} levels deep")
        return value

    def is_true(self, node: Node | None) -> bool:
        """Whether the value is one of those that Compose takes for true. Raises Unresolved, InvalidDocument."""
        return self.string(node).lower() in _TRUE

    def host_path(self, source: str) -> str:
        """The absolute path of a source as written. Raises Unresolved."""
        if source.startswith("~"):
            home = self.variables.get("HOME")
            if not home:
                raise Unresolved("~ without a HOME in the environment")
            source = posixpath.join(home, source[1:].lstrip("/"))  # ~bob/x is $HOME/bob/x for Compose
        return os.path.normpath(os.path.join(self.directory, source))


def target_path(target: str) -> str:
    """The path in the container as the engine cleans it."""
    return "/" + posixpath.normpath(target).lstrip("/")


def is_windows(source: str) -> bool:
    """Whether Compose takes it for a path with a drive, or a named pipe."""
    return source.startswith("\\\\") or (len(source) > 1 and source[0].isalpha() and source[1] == ":")


def read_volume(service: str, item: Item, where: Where) -> Mount:
    """The mount of one entry of ``volumes``. Raises Unresolved, InvalidDocument."""
    if isinstance(item.node, Mapping):
        return _long(service, item, item.node, where)
    if not isinstance(item.node, Scalar) or item.node.is_null:
        raise where.text.invalid(item.span, f"services.{service}.volumes: an entry is a text or a mapping")
    return _short(service, item, where)


def _short(service: str, item: Item, where: Where) -> Mount:
    spec = where.string(item.node)
    if is_windows(spec):
        raise Unresolved("a path of Windows: Compose takes a letter and a colon for a drive")
    source, target, mode = split(spec)
    if not target or not spec:
        raise where.text.invalid(item.span, f"services.{service}.volumes: {spec!r} has an empty part between colons")
    options = frozenset(filter(None, mode.split(","))) - {"rw"}
    mount = Mount(service, Kind.VOLUME, source, target_path(target), item, "ro" in options, options=options - {"ro"})
    if source.startswith(_PATH_STARTS):
        return replace(mount, kind=Kind.BIND, source=where.host_path(source), creates=True)
    return mount


def split(spec: str) -> tuple[str, str, str]:
    """Source, target and mode of the short notation, "" for what is not there; a lone part is the target."""
    source, colon, rest = spec.partition(":")
    if not colon:
        return "", source, ""
    target, _, mode = rest.partition(":")
    return (source, target, mode) if source else ("", "", "")


def _long(service: str, item: Item, node: Mapping, where: Where) -> Mount:
    fields = node.fields
    kind = where.string(fields.get("type"))
    if kind in {"npipe", "cluster", "image"}:
        raise Unresolved(f"a mount of type {kind}")
    if kind not in {Kind.BIND, Kind.VOLUME, Kind.TMPFS}:
        raise where.text.invalid(item.span, f"services.{service}.volumes: type {kind!r} is none that Compose knows")
    source, target = where.string(fields.get("source")), where.string(fields.get("target"))
    if not target:
        raise where.text.invalid(item.span, f"services.{service}.volumes: an entry without its target")
    mount = Mount(service, Kind(kind), source, target_path(target), item, where.is_true(fields.get("read_only")))
    if kind != Kind.BIND:
        return mount
    if not source:
        raise where.text.invalid(item.span, f"services.{service}.volumes: a bind without its source")
    if is_windows(source):
        raise Unresolved("a path of Windows: Compose takes a letter and a colon for a drive")
    options = _fields(fields.get("bind"))
    creates = where.is_true(options["create_host_path"]) if "create_host_path" in options else True
    named = {f"{name}={where.string(value)}" for name, value in options.items() if isinstance(value, Scalar)}
    return replace(mount, source=where.host_path(source), creates=creates, options=frozenset(named))


def _fields(node: Node | None) -> abc.Mapping[str, Node]:
    return node.fields if isinstance(node, Mapping) else {}
