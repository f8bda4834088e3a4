"""One operation of a JSON Patch, and ``set``, as changes of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from confkeep.documents.changes import Add, Insert, Remove, Rename, Replace, Source, Value
from confkeep.documents.editing.lookup import inherited, meant
from confkeep.documents.editing.place import Finder, Gone
from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.pointer import index_of, steps
from confkeep.documents.splicing.rename import can_rename
from confkeep.errors import BadPatch, NotRepresentable, PatchTestFailed, PointerNotFound

if TYPE_CHECKING:
    from confkeep.documents.changes import Change, New
    from confkeep.documents.editing.equal import Readers
    from confkeep.documents.editing.place import Place
    from confkeep.documents.node import Node, Stream
    from confkeep.documents.patch import Operation


class Plan(NamedTuple):
    """``first``: these changes only make room, and the operation is to be planned again on their result."""

    changes: list[Change]
    first: bool = False


_NOTHING = Plan([])


def plan(stream: Stream, operation: Operation, readers: Readers) -> Plan:
    """What ``operation`` changes; nothing where the document is already as asked for.

    Raises PointerNotFound, PatchTestFailed, NotRepresentable, BadPatch (a pointer or a move that makes no sense).
    """
    planner = _Planner(stream, readers)
    path = operation.path
    match operation.op:
        case "test":
            planner.test(operation)
            return _NOTHING
        case "replace":
            place = planner.finder.find(path)
            return planner.own(place, path) or planner.replace(place, Value(operation.value))
        case "remove":
            place = planner.finder.find(path)
            return planner.own(place, path) or Plan([planner.removal(place, path)])
        case "copy":
            found = planner.finder.find(_source_of(operation))
            return planner.put(path, Source(meant(found.node), stream.text), insert=True)
        case "move":
            return planner.move(_source_of(operation), path)
        case "add" | "set":
            return planner.put(path, Value(operation.value), insert=operation.op == "add")


def _source_of(operation: Operation) -> str:
    if operation.source is None:
        raise BadPatch(f'{operation.op} {operation.path!r} lacks "from"', remedy="say where the value is")
    return operation.source


class _Planner:
    def __init__(self, stream: Stream, readers: Readers) -> None:
        self.stream = stream
        self.readers = readers
        self.finder = Finder(stream)

    def test(self, operation: Operation) -> None:
        node = self.finder.find(operation.path).node
        if self.readers.agree(node, operation.value, exactly=False):
            return
        tag = meant(node).tag
        what = f"a value tagged {tag}" if tag is not None else "another value"
        raise PatchTestFailed(
            f"{operation.path!r}: {what} is there, in line {self.finder.line(node)}",
            remedy="read the document again, and decide anew",
            pointer=operation.path,
        )

    def own(self, place: Place, pointer: str) -> Plan | None:
        """What has to be done before ``place`` may be replaced or removed; it must not come through a merge key."""
        if place.through_merge:
            raise PointerNotFound(
                f"{pointer!r} comes through a merge key (<<), from line {self.finder.line(place.node)}",
                remedy="add it to override what is merged, or change it where it stands",
            )
        return None if place.explicit is None else Plan([place.explicit], first=True)

    def removal(self, place: Place, pointer: str) -> Remove:
        if place.container is None:
            raise NotRepresentable(f"{pointer!r} is a whole document", remedy="replace it, or remove the file")
        return Remove(place.container, place.index)

    def replace(self, place: Place, new: New) -> Plan:
        if self._is_there(place.node, new):
            return _NOTHING
        return Plan([Replace(place.container, place.index, new)])

    def _is_there(self, node: Node, new: New) -> bool:
        if isinstance(new, Source):
            return meant(node) is new.node
        return self.readers.agree(node, new.data, exactly=True)

    def put(self, pointer: str, new: New, *, insert: bool, gone: Gone | None = None) -> Plan:
        """``add`` of RFC 6902; without ``insert``, an item that is there is replaced."""
        finder = Finder(self.stream, gone)
        first = self._first_entry(pointer, new)
        parent = None if first is not None else finder.parent(pointer)
        if parent is None:
            return first or self._put_document(finder, pointer, new)
        place, step = parent
        explicit = finder.explicit(place)
        if explicit is not None:
            return self._unless_there(finder, pointer, new, Plan([explicit], first=True), insert=insert)
        where = pointer.rpartition("/")[0]
        node = place.node
        if isinstance(node, Mapping):
            return self._put_entry(finder, node, step, where, new)
        if isinstance(node, Sequence):
            index = finder.index_in(node, step, where)
            if not insert and index < len(node.values):
                return self.replace(finder.find(pointer), new)
            return Plan([Insert(node, index, new)])
        assert isinstance(node, Scalar)  # noqa: S101 - of an alias, explicit is something
        return finder.fail_scalar(node, step, where)

    def _put_document(self, finder: Finder, pointer: str, new: New) -> Plan:
        finder.document(pointer)
        return self.replace(finder.find(pointer), new) if self.stream.roots else Plan([Replace(None, 0, new)])

    def _first_entry(self, pointer: str, new: New) -> Plan | None:
        """A document that holds nothing yet gets its first key, as an empty mapping would; else None."""
        way = steps(pointer)
        several = len(self.stream.roots) > 1
        if len(way) != 1 + several or not isinstance(new, Value) or way[-1] == "-" or index_of(way[-1]) is not None:
            return None
        index = self.finder.document(pointer)
        if self.stream.roots and not _is_absent(self.stream.roots[index]):
            return None
        return Plan([Replace(None, index, Value({way[-1]: new.data}))])

    def _put_entry(self, finder: Finder, mapping: Mapping, text: str, where: str, new: New) -> Plan:
        index = finder.key_in(mapping, text, where)
        if index is not None:
            return self.replace(finder.find(f"{where}/{_escaped(text)}"), new)
        key: New = Value(text)
        if (found := inherited(mapping, text)) is not None:
            key = Source(meant(found[0]), self.stream.text)
        return Plan([Add(mapping, len(mapping.keys), key, new)])

    def _unless_there(self, finder: Finder, pointer: str, new: New, explicit: Plan, *, insert: bool) -> Plan:
        """Nothing is made explicit for a value that is there already; an inserted item never is."""
        try:
            place = finder.find(pointer)
        except PointerNotFound:
            return explicit
        if insert and isinstance(place.container, Sequence):
            return explicit
        return _NOTHING if self._is_there(place.node, new) else explicit

    def move(self, source: str, target: str) -> Plan:
        """Both at once; ``target`` counts as if ``source`` were removed already (section 4.4)."""
        place = self.finder.find(source)
        if source == target:
            return _NOTHING
        if target.startswith(source + "/"):
            raise BadPatch(f"{source!r} cannot be moved into itself, to {target!r}", remedy="copy it instead")
        if (first := self.own(place, source)) is not None:
            return first
        removal = self.removal(place, source)
        moved = Source(place.node, self.stream.text)
        planned = self.put(target, moved, insert=True, gone=Gone(removal.container, removal.index))
        if planned.first or any(_covers(change, place.node) for change in planned.changes):
            return planned
        match planned.changes:
            case [Add() as add] if add.container is removal.container and can_rename(
                add.container.keys[removal.index], len(target)
            ):
                return Plan([Rename(add.container, removal.index, add.key)])
            case _:
                pass
        return Plan([removal, *planned.changes])


def _is_absent(root: Node) -> bool:
    """Whether nothing is written between the marks of a document."""
    return isinstance(root, Scalar) and root.start == root.end


def _covers(change: Change, node: Node) -> bool:
    """Whether ``change`` replaces something that holds ``node``: the move's own source goes with it."""
    if not isinstance(change, Replace) or change.container is None:
        return isinstance(change, Replace)
    replaced = change.container.values[change.index]
    return replaced.start <= node.start and node.end <= replaced.end


def _escaped(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")
