"""Three-way merge: what two people made of one document."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from confkeep.documents.check import check
from confkeep.documents.collector import paused
from confkeep.documents.deadline import Deadline
from confkeep.documents.format import Format
from confkeep.documents.merging.lines import LineMerge
from confkeep.documents.merging.markers import Labels
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable

if TYPE_CHECKING:
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.merging.lines import Lines
    from confkeep.documents.merging.structure import StructureMerge

__all__ = ["Labels", "Merged", "merge"]

_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_STRUCTURED: Final = {Format.YAML, Format.JSON, Format.JSONC}


@dataclass(frozen=True, slots=True)
class Merged:
    """``data`` is the merge; with ``conflicts`` that many marked places (``<<<<<<<``) are in it: not to be saved.

    ``how`` it was made: by ``structure``, it is proved to read as the merge of the data; by ``lines``, nothing is.
    """

    data: bytes
    conflicts: int
    how: Literal["structure", "lines"]


def merge(
    base: bytes, mine: bytes, theirs: bytes, format_: Format | None, dialect: Dialect, *, labels: Labels, seconds: float
) -> Merged:
    """Both sides' changes to ``base``: by structure where all three parse, else line by line. Raises TimeoutError.

    Without conflicts, no side's change of the data is lost, and no comment that a side has written. What no reader
    sees (indentation, quotes, the order of a mapping) stays theirs where it cannot be had from both.
    A value of a mapping, or an item of a list, that one side changed is changed; the same change on both sides is one.
    What both changed differently, or one changed and the other removed, is a conflict; so is a list that both ordered
    differently. Both sides' new entries and items are there; at one place theirs come first, then mine.
    """
    if theirs in {base, mine}:
        return Merged(mine, 0, "lines")
    if mine == base:
        return Merged(theirs, 0, "lines")
    merger = _Merger(format_, dialect, labels, seconds)
    with paused():
        if all(data.startswith(_WIDE) for data in (base, mine, theirs)):
            return merger.merge_wide(base, mine, theirs)
        return merger.merge(base, mine, theirs)


@dataclass(frozen=True, slots=True)
class _Merger:
    format: Format | None
    dialect: Dialect
    labels: Labels
    seconds: float

    def merge_wide(self, base: bytes, mine: bytes, theirs: bytes) -> Merged:
        """Of UTF-16, by way of UTF-8: there a line feed is two bytes, and a marker would be none."""
        try:
            (base_, _), (mine_, _), (theirs_, encoding) = map(decode, (base, mine, theirs))
        except UnicodeDecodeError:
            return self.merge(base, mine, theirs)
        found = self.merge(base_.encode(), mine_.encode(), theirs_.encode())
        return replace(found, data=encoding.encode(found.data.decode()))

    def merge(self, base: bytes, mine: bytes, theirs: bytes) -> Merged:
        deadline = Deadline(self.seconds)
        lines = LineMerge(base, mine, theirs)
        deadline.look()
        structure = self._structure(base, mine, theirs, deadline)
        if structure is None:
            data, conflicts = lines.marked(self.labels)
            if conflicts or self._is_as_valid(data, (base, mine, theirs)):
                return Merged(data, conflicts, "lines")
            return self._marked(lines, [])
        written = None if structure.conflicts else _written(structure, lines, mine, theirs)
        if written is None:
            return self._marked(lines, list(structure.disputed(lines)))
        return Merged(written, 0, "structure")

    def _structure(self, base: bytes, mine: bytes, theirs: bytes, deadline: Deadline) -> StructureMerge | None:
        if self.format is None or self.format not in _STRUCTURED:
            return None
        from confkeep.documents.merging.structure import StructureMerge

        try:
            return StructureMerge((base, mine, theirs), self.format, self.dialect, deadline)
        except Uncomposable:
            return None

    def _marked(self, lines: LineMerge, disputed: list[Lines]) -> Merged:
        """With a marked place at least: around all changes where nothing tells which of them do not go together."""
        data, conflicts = lines.marked(self.labels, disputed)
        if not conflicts:
            data, conflicts = lines.marked(self.labels, [lines.changed()])
        return Merged(data, conflicts, "lines")

    def _is_as_valid(self, merge: bytes, three: tuple[bytes, ...]) -> bool:
        """Whether the merge is a valid document, if all of the three are."""
        return self._is_valid(merge) or not all(map(self._is_valid, three))

    def _is_valid(self, data: bytes) -> bool:
        if self.format is None:
            return True
        found = check(data, self.format, dialect=self.dialect, strict=True, seconds=self.seconds)
        return all(diagnostic.severity != "error" for diagnostic in found)


def _written(structure: StructureMerge, lines: LineMerge, mine: bytes, theirs: bytes) -> bytes | None:
    """The lines of both where they do not touch, as far as that is right; there, theirs with mine's words, or mine."""
    draft, touching = lines.favouring_theirs()
    data = structure.into_theirs(draft)
    if data is None and touching:
        data = structure.into_mine(lines.favouring_mine()[0])
    if data is None:
        data = structure.into_theirs(theirs)
    return structure.into_mine(mine) if data is None else data
