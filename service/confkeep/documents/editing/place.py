"""Where a pointer leads in a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn

from confkeep.documents.changes import Add, Replace, Source
from confkeep.documents.editing.lookup import indexes, inherited, meant
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence
from confkeep.documents.pointer import index_of, pointer_of, steps
from confkeep.errors import NotRepresentable, PointerNotFound

if TYPE_CHECKING:
    from confkeep.documents.changes import Change
    from confkeep.documents.node import Collection, Node, Stream

_BEYOND: Final = "-"
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Place:
    """``node`` is ``container.values[index]``; without a container, the root of document ``index``.

    ``explicit``: what has to be done first, so that a change in ``node`` changes nothing but this place: the alias, or
    the merge key, through which it is reached becomes a copy of what it stands for. ``through_merge``: it is one.
    """

    container: Collection | None
    index: int
    node: Node
    explicit: Change | None = None
    through_merge: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """An item or entry that is looked past, as if it were removed: of a move."""

    container: Collection
    index: int


class Finder:
    """Follows pointers in ``stream``: in a stream of several documents, the first step chooses one of them."""

    def __init__(self, stream: Stream, gone: Gone | None = None) -> None:
        self.stream = stream
        self.gone = gone

    def find(self, pointer: str) -> Place:
        """Raises PointerNotFound where nothing is there, NotRepresentable where a key stands twice."""
        way = steps(pointer)
        place, left = self._root(way, pointer)
        for at in range(len(way) - left, len(way)):
            place = self._step(place, way[at], pointer_of(way[:at]))
        return place

    def parent(self, pointer: str) -> tuple[Place, str] | None:
        """The place that holds what ``pointer`` names, and the last step; None where it names a whole document."""
        way = steps(pointer)
        if len(way) <= self._choosing:
            return None
        return self.find(pointer_of(way[:-1])), way[-1]

    def document(self, pointer: str) -> int:
        """The number of the document that ``pointer`` names as a whole."""
        way = steps(pointer)
        if len(self.stream.roots) <= 1:
            return 0
        if not way:
            raise NotRepresentable(
                f"the file holds {len(self.stream.roots)} documents, and the pointer names them all",
                remedy="begin the pointer with the number of a document, as in /0",
            )
        index = index_of(way[0])
        if index is None or index >= len(self.stream.roots):
            raise PointerNotFound(
                f"{pointer!r}: the file holds {len(self.stream.roots)} documents, and {way[0]!r} is the number of none",
                remedy=f"begin the pointer with a number from 0 to {len(self.stream.roots) - 1}",
            )
        return index

    def index_in(self, sequence: Sequence, step: str, where: str) -> int:
        """The index of ``step`` among the items as they are, the length for ``-``; for what comes before an item."""
        gone = self.gone.index if self.gone is not None and self.gone.container is sequence else None
        length = len(sequence.values) - (gone is not None)
        index = length if step == _BEYOND else index_of(step)
        if index is None or index > length:
            self._fail_index(sequence, step, length, where)
        return index + 1 if gone is not None and index >= gone else index

    def key_in(self, mapping: Mapping, text: str, where: str) -> int | None:
        """The index of the entry whose key is ``text``; None where ``mapping`` itself has none."""
        return self.only(mapping, indexes(mapping, text), text, where)

    def only(self, mapping: Mapping, found: list[int], text: str, where: str) -> int | None:
        """``found`` is where ``text`` is a key: the only one, or None. Raises NotRepresentable for duplicates."""
        if self.gone is not None and self.gone.container is mapping and self.gone.index in found:
            found.remove(self.gone.index)
        if len(found) > 1:
            lines = ", ".join(str(self.line(mapping.keys[index])) for index in found[:_SHOWN])
            lines += ", …" if len(found) > _SHOWN else ""
            raise NotRepresentable(
                f"{repr(where) if where else 'the document'} has the key {text!r} {len(found)} times, in lines {lines}",
                remedy="remove all but one: readers differ in which one counts",
            )
        return found[0] if found else None

    def line(self, node: Node) -> int:
        """The number, from 1, of the line in which ``node`` begins."""
        return self.stream.text.count("\n", 0, node.start) + 1

    @property
    def _choosing(self) -> int:
        """How many steps choose the document."""
        return 1 if len(self.stream.roots) > 1 else 0

    def _root(self, way: tuple[str, ...], pointer: str) -> tuple[Place, int]:
        """The document's root, and how many steps are left."""
        index = self.document(pointer)
        if not self.stream.roots:
            raise PointerNotFound(
                f"{pointer!r}: the file holds no document yet",
                remedy="set a key of it, or the whole document (the pointer is empty)",
            )
        return Place(None, index, self.stream.roots[index]), len(way) - self._choosing

    def _step(self, place: Place, step: str, where: str) -> Place:
        node = meant(place.node)
        explicit = self.explicit(place)
        if isinstance(node, Mapping):
            index = self.key_in(node, step, where)
            if index is not None:
                return Place(node, index, node.values[index], explicit, place.through_merge)
            if (found := inherited(node, step)) is not None:
                key, value = found
                text = self.stream.text
                copied = explicit or Add(node, len(node.keys), Source(meant(key), text), Source(meant(value), text))
                return Place(None, -1, value, copied, through_merge=True)
            raise PointerNotFound(
                f"{where + '/' + step!r}: the mapping in line {self.line(node)} has no such key",
                remedy="add it first, or look for another spelling",
            )
        if isinstance(node, Sequence):
            index = self.index_in(node, step, where)
            if index >= len(node.values):
                self._fail_index(node, step, len(node.values), where)
            return Place(node, index, node.values[index], explicit, place.through_merge)
        return self.fail_scalar(node, step, where)

    def explicit(self, place: Place) -> Change | None:
        """What has to be done before something in ``place`` may change."""
        if place.explicit is not None or place.node.__class__ is not Alias:
            return place.explicit
        assert place.container is not None  # noqa: S101 - a document is no alias: libyaml refuses it
        return Replace(place.container, place.index, Source(meant(place.node), self.stream.text))

    def fail_scalar(self, node: Scalar, step: str, where: str) -> NoReturn:
        """``node`` has nothing in it."""
        if node.tag is not None and node.tag.startswith("!"):
            what, remedy = f"is {node.tag}, which is read from elsewhere", "edit what it refers to, or replace it"
        else:
            what, remedy = "is neither a mapping nor a sequence", "replace it by one first"
        raise PointerNotFound(f"{where + '/' + step!r}: {where!r} in line {self.line(node)} {what}", remedy=remedy)

    def _fail_index(self, sequence: Sequence, step: str, length: int, where: str) -> NoReturn:
        raise PointerNotFound(
            f"{where + '/' + step!r}: the sequence in line {self.line(sequence)} has {length} items, no {step!r}",
            remedy="items count from 0; the item - is the one behind the last",
        )
