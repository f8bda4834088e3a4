"""The services of a compose file with all that they mount, their own and what they inherit by ``extends``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_entries import READERS
from confkeep.layout.compose_nodes import Item, Mapping, Scalar, Sequence
from confkeep.layout.compose_variables import Unresolved
from confkeep.layout.diagnosis import Skipped

if TYPE_CHECKING:
    from confkeep.layout.compose_entries import Read
    from confkeep.layout.compose_mount import Mount, Where
    from confkeep.layout.compose_nodes import Node, Span

#: More is no stack but aliases of aliases.
MAX_ENTRIES: Final = 5_000
_LONGEST_CHAIN: Final = 50


@dataclass(slots=True)
class Stack:
    """``mounts``: of each service, by target. ``read_only``: services whose root is. ``entries``: how many."""

    where: Where
    root: Mapping
    mounts: dict[str, dict[str, Mount]] = field(default_factory=dict[str, "dict[str, Mount]"])
    read_only: set[str] = field(default_factory=set[str])
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    entries: int = 0

    def all_mounts(self) -> list[Mount]:
        """Those of all services."""
        return [mount for mounts in self.mounts.values() for mount in mounts.values()]

    def table(self, name: str) -> dict[str, Node]:
        """What a top-level mapping has. Raises InvalidDocument."""
        return self.fields(self.root.fields.get(name), name)

    def fields(self, node: Node | None, what: str) -> dict[str, Node]:
        """What a mapping has, nothing where there is none. Raises InvalidDocument."""
        if isinstance(node, Mapping):
            return node.fields
        if node is None or (isinstance(node, Scalar) and node.is_null):
            return {}
        raise self.where.text.invalid(node.span, f"{what} must be a mapping")

    def skip(self, at: Span, what: str, reason: str) -> None:
        """Say that nothing was found out about an entry."""
        line = self.where.text.line(at)
        self.skipped.append(Skipped("", f"{reason} ({self.where.text.name}:{line})", what))


def read_stack(root: Mapping, where: Where) -> Stack:
    """All services, whatever their profiles. Raises InvalidDocument where Compose would refuse the file."""
    stack = Stack(where, root)
    services = stack.table("services")
    if (include := root.fields.get("include")) is not None:
        stack.skip(include.span, "include", "files that are included are not looked at: check each by itself")
    for name in services:
        stack.mounts[name] = {}
        for layer in _layers(stack, services, name):
            _read_layer(stack, name, layer)
    return stack


def _layers(stack: Stack, services: dict[str, Node], name: str) -> list[dict[str, Node]]:
    """The service's own fields, last, behind those that it extends."""
    layers: list[dict[str, Node]] = []
    wanted: str | None = name
    while wanted is not None:
        node = services[wanted]
        fields = stack.fields(node, f"services.{wanted}")
        layers.insert(0, fields)
        if len(layers) > _LONGEST_CHAIN:
            raise stack.where.text.invalid(node.span, f"services.{name} extends itself, or more than {_LONGEST_CHAIN}")
        wanted = _extended(stack, services, name, fields.get("extends"))
    return layers


def _extended(stack: Stack, services: dict[str, Node], name: str, node: Node | None) -> str | None:
    if node is None:
        return None
    if isinstance(node, Mapping) and "file" in node.fields:
        stack.skip(node.span, name, "what the service inherits from another file is not looked at")
        return None
    try:
        other = stack.where.string(node.fields.get("service") if isinstance(node, Mapping) else node)
    except Unresolved as error:
        stack.skip(node.span, name, f"extends: {error}")
        return None
    if other not in services:
        raise stack.where.text.invalid(node.span, f"services.{name} extends {other!r}, which is not in the file")
    return other


def _read_layer(stack: Stack, service: str, fields: dict[str, Node]) -> None:
    if "volumes_from" in fields:
        stack.skip(fields["volumes_from"].span, service, "volumes_from is not looked at")
    try:
        if "read_only" in fields:
            is_true = stack.where.is_true(fields["read_only"])
            (stack.read_only.add if is_true else stack.read_only.discard)(service)
    except Unresolved as error:
        stack.skip(fields["read_only"].span, f"{service}: read_only", str(error))
    for key, read in READERS.items():
        for item in _items(stack, service, key, fields.get(key)):
            _add(stack, service, item, read)


def _items(stack: Stack, service: str, key: str, node: Node | None) -> tuple[Item, ...]:
    if isinstance(node, Sequence):
        return node.items
    if node is None or (isinstance(node, Scalar) and node.is_null):
        return ()
    if key == "tmpfs" and isinstance(node, Scalar):
        return (Item(node.span, node),)
    raise stack.where.text.invalid(node.span, f"services.{service}.{key} must be a list")


def _add(stack: Stack, service: str, item: Item, read: Read) -> None:
    stack.entries += 1
    if stack.entries > MAX_ENTRIES:
        raise stack.where.text.invalid(item.span, f"more than {MAX_ENTRIES} mounts")
    try:
        mount = read(stack, service, item)
    except Unresolved as error:
        line = stack.where.text.excerpt(item.node.span)
        stack.skip(item.node.span, f"{service}: {line}", str(error))
        return
    stack.mounts[service][mount.target] = mount  # for Compose, too, the last one of a target counts
