"""A JSON Merge Patch (RFC 7396) as changes of nodes, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.changes import Add, Remove, Replace, Source, Value
from confkeep.documents.editing.lookup import inherited, meant, positions
from confkeep.documents.editing.place import Finder
from confkeep.documents.editing.plan import Plan
from confkeep.documents.node import Alias, Mapping
from confkeep.documents.pointer import pointer_of
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import Change, JsonValue
    from confkeep.documents.editing.equal import Readers
    from confkeep.documents.node import Collection, Node, Stream


def plan_merge(stream: Stream, patch: JsonValue, readers: Readers) -> Plan:
    """What ``patch`` changes; in a stream of several documents, its members are named by their numbers.

    Raises PointerNotFound, NotRepresentable. The changes only make room (``first``) where an alias has to be written
    out before something in it can change.
    """
    return _Merger(stream, readers).plan(patch)


class _Merger:
    def __init__(self, stream: Stream, readers: Readers) -> None:
        self.stream = stream
        self.readers = readers
        self.finder = Finder(stream)
        self.changes: list[Change] = []
        self.room: list[Change] = []

    def plan(self, patch: JsonValue) -> Plan:
        roots = self.stream.roots
        if len(roots) <= 1:
            if roots:
                self.value(None, 0, roots[0], patch, ())
            else:
                self.changes.append(Replace(None, 0, Value(_without_nulls(patch))))
        else:
            self.documents(patch)
        return Plan(self.room, first=True) if self.room else Plan(self.changes)

    def documents(self, patch: JsonValue) -> None:
        if not isinstance(patch, dict):
            self.finder.document("")  # refuses
            return
        for name, value in patch.items():
            index = self.finder.document(pointer_of([name]))
            if value is None:
                raise NotRepresentable(f"'/{name}' is a whole document", remedy="replace it, or remove the file")
            self.value(None, index, self.stream.roots[index], value, (name,))

    def value(
        self, container: Collection | None, index: int, node: Node, patch: JsonValue, where: tuple[str, ...]
    ) -> None:
        """Recursion follows ``patch``, whose depth is bounded."""
        mapping = meant(node)
        if isinstance(patch, dict) and isinstance(mapping, Mapping):
            if node.__class__ is Alias and container is not None:
                self.through(mapping, patch, where, Replace(container, index, Source(mapping, self.stream.text)))
            else:
                self.members(mapping, patch, where)
            return
        data = _without_nulls(patch)
        if not self.readers.agree(node, data, exactly=True):
            self.changes.append(Replace(container, index, Value(data)))

    def members(self, mapping: Mapping, patch: dict[str, JsonValue], where: tuple[str, ...]) -> None:
        there = positions(mapping)
        merges = "<<" in there
        for name, value in patch.items():
            here = (*where, name)
            index = self.finder.only(mapping, there.get(name, []), name, pointer_of(where))
            if index is not None:
                if value is None:
                    self.changes.append(Remove(mapping, index))
                else:
                    self.value(mapping, index, mapping.values[index], value, here)
            elif merges and (found := inherited(mapping, name)) is not None:
                self.override(mapping, *found, value, here)
            elif value is not None:
                self.changes.append(Add(mapping, len(mapping.keys), Value(name), Value(_without_nulls(value))))

    def override(self, mapping: Mapping, key: Node, node: Node, patch: JsonValue, where: tuple[str, ...]) -> None:
        """``key`` comes through a merge key."""
        if patch is None:
            raise NotRepresentable(
                f"{pointer_of(where)!r} comes through a merge key (<<), from line {self.finder.line(key)}",
                remedy="remove it where it stands, or override it with another value",
            )
        text = self.stream.text
        own_key = Source(meant(key), text)
        merged = meant(node)
        if isinstance(patch, dict) and isinstance(merged, Mapping):
            self.through(merged, patch, where, Add(mapping, len(mapping.keys), own_key, Source(merged, text)))
            return
        data = _without_nulls(patch)
        if not self.readers.agree(node, data, exactly=True):
            self.changes.append(Add(mapping, len(mapping.keys), own_key, Value(data)))

    def through(self, mapping: Mapping, patch: dict[str, JsonValue], where: tuple[str, ...], explicit: Change) -> None:
        """``mapping`` has other users: it is left alone, and ``explicit`` makes a copy where something changes."""
        tried = _Merger(self.stream, self.readers)
        tried.members(mapping, patch, where)
        if tried.changes or tried.room:
            self.room.append(explicit)


def _without_nulls(value: JsonValue) -> JsonValue:
    """``value`` as a merge patch makes it where nothing was (section 2): members that are null are left out."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(member) for name, member in value.items() if member is not None}
