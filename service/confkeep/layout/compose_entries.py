"""What each list of a service says it mounts: ``volumes``, ``tmpfs``, ``configs`` and ``secrets``."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from confkeep.layout.compose_mount import Kind, Mount, read_volume, target_path
from confkeep.layout.compose_nodes import Mapping

if TYPE_CHECKING:
    from confkeep.layout.compose_nodes import Item, Node
    from confkeep.layout.compose_services import Stack

_INLINE: Final = ("content", "environment")
#: What a config has in ``options`` that is written into the container's layer instead of mounted.
INLINE: Final = "inline"


def _volume(stack: Stack, service: str, item: Item) -> Mount:
    mount = read_volume(service, item, stack.where)
    if mount.kind is not Kind.VOLUME or not mount.source:
        return mount
    declared = stack.table("volumes")
    if mount.source not in declared:
        if "include" in stack.root.fields:
            return mount  # it may be declared there
        reason = f"services.{service} uses the volume {mount.source!r}, which the top-level `volumes` does not declare"
        raise stack.where.text.invalid(item.span, reason)
    return _bound(stack, mount, declared[mount.source])


def _bound(stack: Stack, mount: Mount, declared: Node) -> Mount:
    """A volume of the local driver may itself be a bind: the engine creates no missing ``device``."""
    options = stack.fields(stack.fields(declared, f"volumes.{mount.source}").get("driver_opts"), "driver_opts")
    device = stack.where.string(options.get("device"))
    if device.startswith("/") and "bind" in stack.where.string(options.get("o")).split(","):
        return replace(mount, kind=Kind.BIND, source=posixpath.normpath(device), volume=mount.source)
    return mount


def _tmpfs(stack: Stack, service: str, item: Item) -> Mount:
    target = stack.where.string(item.node).partition(":")[0]
    if not target:
        raise stack.where.text.invalid(item.span, f"services.{service}.tmpfs: an entry without its path")
    return Mount(service, Kind.TMPFS, "", target_path(target), item)


def _config(stack: Stack, service: str, item: Item) -> Mount:
    return _object(stack, service, item, Kind.CONFIG, "/")


def _secret(stack: Stack, service: str, item: Item) -> Mount:
    return _object(stack, service, item, Kind.SECRET, "/run/secrets")


def _object(stack: Stack, service: str, item: Item, kind: Kind, below: str) -> Mount:
    fields = item.node.fields if isinstance(item.node, Mapping) else {"source": item.node}
    name, target = stack.where.string(fields.get("source")), stack.where.string(fields.get("target"))
    declared = stack.fields(stack.table(f"{kind}s").get(name), f"{kind}s.{name}")
    file = stack.where.string(declared.get("file"))
    inline = frozenset({INLINE} if kind is Kind.CONFIG and any(key in declared for key in _INLINE) else ())
    source = stack.where.host_path(file) if file else ""
    path = target_path(posixpath.join(below, target or name))
    return Mount(service, kind, source, path, item, read_only=True, options=inline)


Read: TypeAlias = Callable[["Stack", str, "Item"], Mount]
READERS: Final[dict[str, Read]] = {"volumes": _volume, "tmpfs": _tmpfs, "configs": _config, "secrets": _secret}
