"""What differs between two documents: line by line, and path by path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from confkeep.documents.align import align
from confkeep.documents.collector import paused
from confkeep.documents.deadline import Deadline
from confkeep.documents.matching import rising
from confkeep.documents.node import Mapping, Scalar, Sequence
from confkeep.documents.pointer import pointer_of
from confkeep.documents.reading import Reading, own_tag, resolved
from confkeep.documents.showing import MAX_DEPTH, key_text
from confkeep.documents.streams import compose
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable
from confkeep.documents.unified import unified

if TYPE_CHECKING:
    from confkeep.documents.changes import JsonValue
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.format import Format
    from confkeep.documents.node import Node, Stream

__all__ = ["MOST_DIFFERENCES", "Difference", "structural", "unified"]

#: With more of them the two are different documents, which is then the one difference reported.
MOST_DIFFERENCES: Final = 1_000

_Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of ``path`` (a JSON Pointer; of the old document, of the new one where it was added)."""

    kind: Literal["added", "removed", "changed"]
    path: str
    old: JsonValue = None
    new: JsonValue = None


def structural(old: bytes, new: bytes, format_: Format, dialect: Dialect, *, seconds: float) -> list[Difference] | None:
    """Which paths changed, from what to what; None when one of the two has no structure (it does not parse).

    Judged as the readers of ``dialect`` read, with what aliases and merge keys bring. Items of a list are paired as
    ``align`` does; one that has moved is removed where it was and added where it is. Where a file has several
    documents, the first step of a path is the document's number. At most MOST_DIFFERENCES. Raises TimeoutError.
    """
    deadline = Deadline(seconds)
    reading = Reading(format_, dialect, deadline)
    try:
        with paused():
            olds, news = (compose(decode(data)[0], format_, deadline) for data in (old, new))
            return _Comparison(reading, deadline).streams(olds, news)
    except (Uncomposable, UnicodeDecodeError):
        return None


class _TooMany(Exception):
    """More differences than anyone reads."""


class _Comparison:
    def __init__(self, reading: Reading, deadline: Deadline) -> None:
        self._reading = reading
        self._deadline = deadline
        self._found: list[Difference] = []

    def streams(self, old: Stream, new: Stream) -> list[Difference]:
        try:
            self._roots(old.roots, new.roots)
        except _TooMany:
            return [Difference("changed", "", self._all(old), self._all(new))]
        return self._found

    def _roots(self, old: list[Node], new: list[Node]) -> None:
        old_paths, new_paths = _paths_of(old), _paths_of(new)
        for index in range(max(len(old), len(new))):
            if index >= len(old):
                self._added(new_paths[index], new[index])
            elif index >= len(new):
                self._removed(old_paths[index], old[index])
            else:
                self._pair(old_paths[index], new_paths[index], old[index], new[index])

    def _all(self, stream: Stream) -> JsonValue:
        shown = [self._reading.data(root) for root in stream.roots]
        return shown[0] if len(shown) == 1 else shown

    def _pair(self, old_path: _Path, new_path: _Path, old: Node, new: Node) -> None:
        if self._reading.fingerprint(old) == self._reading.fingerprint(new):
            return
        before = len(self._found)
        a, b = resolved(old), resolved(new)
        if not (isinstance(a, Scalar) or isinstance(b, Scalar)) and own_tag(a) == own_tag(b):
            if len(old_path) > MAX_DEPTH:  # aliases of aliases: no text is nested so deep
                pass
            elif isinstance(a, Mapping) and isinstance(b, Mapping):
                self._mappings(old_path, new_path, a, b)
            elif isinstance(a, Sequence) and isinstance(b, Sequence):
                self._sequences(old_path, new_path, a, b)
        if len(self._found) == before:
            self._report(Difference("changed", pointer_of(old_path), self._reading.data(old), self._reading.data(new)))

    def _mappings(self, old_path: _Path, new_path: _Path, old: Mapping, new: Mapping) -> None:
        olds, news = self._reading.entries(old), self._reading.entries(new)
        for number, entry in olds.items():
            path = (*old_path, key_text(entry.key))
            if number in news:
                other = news[number]
                self._pair(path, (*new_path, key_text(other.key)), entry.value, other.value)
            else:
                self._removed(path, entry.value)
        for number, entry in news.items():
            if number not in olds:
                self._added((*new_path, key_text(entry.key)), entry.value)

    def _sequences(self, old_path: _Path, new_path: _Path, old: Sequence, new: Sequence) -> None:
        pairs = align(old, new, self._reading)
        stayed = _in_order([(a, b) for a, b in pairs if a is not None and b is not None])
        kept = set(stayed.values())
        for index, value in enumerate(old.values):
            if index not in kept:
                self._removed((*old_path, str(index)), value)
        for index, value in enumerate(new.values):
            at = stayed.get(index)
            if at is None:
                self._added((*new_path, str(index)), value)
            else:
                self._pair((*old_path, str(at)), (*new_path, str(index)), old.values[at], value)

    def _added(self, path: _Path, node: Node) -> None:
        self._report(Difference("added", pointer_of(path), None, self._reading.data(node)))

    def _removed(self, path: _Path, node: Node) -> None:
        self._report(Difference("removed", pointer_of(path), self._reading.data(node)))

    def _report(self, difference: Difference) -> None:
        self._deadline.look()
        self._found.append(difference)
        if len(self._found) > MOST_DIFFERENCES:
            raise _TooMany


def _paths_of(roots: list[Node]) -> list[_Path]:
    return [()] if len(roots) == 1 else [(str(index),) for index in range(len(roots))]


def _in_order(pairs: list[tuple[int, int]]) -> dict[int, int]:
    """New index to old index of those that did not move: as many as keep their order."""
    stay = (pairs[n] for n in rising([old for old, _ in pairs]))
    return {new: old for old, new in stay}
