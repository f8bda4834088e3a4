"""Which edits mend which finding; each raises NoEdit where that takes more than the file says."""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_edit import Edit, NoEdit, add_field, at_span, parts, remove, respell, to_directories
from confkeep.layout.compose_finding import Fix, Seen
from confkeep.layout.compose_nodes import Mapping, Scalar
from confkeep.layout.compose_sources import CONFIG_DIRECTORIES, SYSTEM_DIRECTORIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from confkeep.layout.compose_mount import Mount

_OWN_NAMES: Final = CONFIG_DIRECTORIES | {"data"}
_NO_CREATE: Final = "create_host_path: false"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./~][A-Za-z0-9_./~-]*")


def edits_for(seen: Seen, fix: Fix, mount: Mount) -> list[Edit]:
    """The edits, each once. Raises NoEdit."""
    return list(dict.fromkeys(_FIXES[fix](seen, mount)))


def _mount_directory(seen: Seen, mount: Mount) -> list[Edit]:
    """All single files of one directory, in all services at once: a mixture would be worse than what is there."""
    directory = posixpath.dirname(mount.source)
    if not seen.is_own_directory(directory):
        raise NoEdit
    edits: list[Edit] = []
    for mounts in seen.stack.mounts.values():
        files = [one for one in mounts.values() if seen.is_file(one) and posixpath.dirname(one.source) == directory]
        if files:
            edits += _one_for_all(seen, mounts, files)
    return edits


def _one_for_all(seen: Seen, mounts: dict[str, Mount], files: list[Mount]) -> list[Edit]:
    first, *others = files
    target = posixpath.dirname(first.target)
    alike = {(posixpath.dirname(one.target), one.read_only, one.creates, one.options) for one in files}
    same_names = all(posixpath.basename(one.source) == posixpath.basename(one.target) for one in files)
    written_elsewhere = any(one.volume for one in files)
    # A directory hides what the image has in its place: only where images have nothing of their own.
    hides_nothing = posixpath.basename(target) in _OWN_NAMES and target.split("/")[1] not in SYSTEM_DIRECTORIES
    if len(alike) > 1 or written_elsewhere or not same_names or not hides_nothing or target in mounts:
        raise NoEdit
    text = seen.stack.where.text
    return [*to_directories(text, first.item), *(remove(text, one.item) for one in others)]


def _mount_socket_directory(seen: Seen, mount: Mount) -> list[Edit]:
    shared = {"/", "/run", "/var/run", "/tmp", "/var", seen.stack.where.directory}  # noqa: S108 - refused
    source, target = posixpath.split(mount.source), posixpath.split(mount.target)
    if mount.volume or source[1] != target[1] or source[0] in shared or target[0] in shared:
        raise NoEdit
    return to_directories(seen.stack.where.text, mount.item)


def _make_writable(seen: Seen, mount: Mount) -> list[Edit]:
    text, node = seen.stack.where.text, mount.item.node
    if len(seen.users(mount)) > 1:
        raise NoEdit
    if isinstance(node, Mapping):
        return [respell(text, node.fields.get("read_only"), "false")]
    source, target, mode = _three(node)
    options = [option for option in mode.split(",") if option != "ro"]
    return [respell(text, node, ":".join((source, target, *([",".join(options)] if options else []))))]


def _three(node: object) -> list[str]:
    found = parts(node.text) if isinstance(node, Scalar) else []
    if len(found) not in {2, 3}:
        raise NoEdit
    return [*found, ""][:3]


def _name_volume(seen: Seen, mount: Mount) -> list[Edit]:
    text, node = seen.stack.where.text, mount.item.node
    if sum(one.item.node is node for one in seen.stack.all_mounts()) > 1:
        raise NoEdit  # one name for several services: a volume that they share
    name = _free_name(seen, mount)
    if isinstance(node, Mapping):
        return [add_field(text, node, f"source: {name}"), _declare(seen, name)]
    if not isinstance(node, Scalar):
        raise NoEdit
    return [respell(text, node, f"{name}:{node.text}"), _declare(seen, name)]


def _free_name(seen: Seen, mount: Mount) -> str:
    wanted = re.sub(r"[^A-Za-z0-9]+", "-", f"{mount.service}-{posixpath.basename(mount.target)}").strip("-") or "data"
    taken = seen.stack.table("volumes")
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(name for name in (wanted, *itertools.islice(numbered, len(taken) + 1)) if name not in taken)


def _declare(seen: Seen, name: str) -> Edit:
    """The entry in the top-level ``volumes``."""
    text, declared = seen.stack.where.text, seen.stack.root.fields.get("volumes")
    if isinstance(declared, Mapping):
        return add_field(text, declared, f"{name}: {{}}" if declared.flow else f"{name}:")
    if declared is not None:
        return at_span(declared.span, f"{text.line_end}  {name}:")
    end = len(text.characters)
    before = "" if text.characters.endswith("\n") else text.line_end
    return Edit(end, end, f"{before}{text.line_end}volumes:{text.line_end}  {name}:{text.line_end}")


def _do_not_create(seen: Seen, mount: Mount) -> list[Edit]:
    text, node = seen.stack.where.text, mount.item.node
    if not isinstance(node, Mapping):
        return [_long_notation(seen, mount)]
    bind = node.fields.get("bind")
    if bind is None:
        return [add_field(text, node, f"bind: {{ {_NO_CREATE} }}")]
    if not isinstance(bind, Mapping):
        raise NoEdit
    if "create_host_path" in bind.fields:
        return [respell(text, bind.fields["create_host_path"], "false")]
    return [add_field(text, bind, _NO_CREATE)]


def _long_notation(seen: Seen, mount: Mount) -> Edit:
    """The same mount as a mapping on its one line, for the short notation cannot say it."""
    text, node = seen.stack.where.text, mount.item.node
    source, target, mode = _three(node)
    if not isinstance(node, Scalar) or (inner := text.inner(node)) is None or set(mode.split(",")) - {"", "ro", "rw"}:
        raise NoEdit
    read_only = ", read_only: true" if mount.read_only else ""
    new = f"{{ type: bind, source: {_quoted(source)}, target: {_quoted(target)}{read_only}, bind: {{ {_NO_CREATE} }} }}"
    around = 1 if node.quote else 0
    return Edit(inner.start - around, inner.end + around, new)


def _quoted(value: str) -> str:
    if "'" in value:
        raise NoEdit
    return value if _PLAIN.fullmatch(value) else f"'{value}'"


_FIXES: Final[dict[Fix, Callable[[Seen, Mount], list[Edit]]]] = {
    Fix.MOUNT_DIRECTORY: _mount_directory,
    Fix.MOUNT_SOCKET_DIRECTORY: _mount_socket_directory,
    Fix.MAKE_WRITABLE: _make_writable,
    Fix.NAME_VOLUME: _name_volume,
    Fix.DO_NOT_CREATE: _do_not_create,
}
