"""The merge of three texts that parse: the words of both sides, proved to read as the merge of their data."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from confkeep.documents.format import Format
from confkeep.documents.merging.data import DataMerge
from confkeep.documents.merging.lines import Lines
from confkeep.documents.merging.proof import Proof
from confkeep.documents.reading import Reading
from confkeep.documents.splice import Syntax, splice
from confkeep.documents.streams import compose
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.documents.deadline import Deadline
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.merging.lines import LineMerge
    from confkeep.documents.node import Node, Stream


class StructureMerge:
    """What three texts, a base, mine and theirs, make together, told by their data.

    Raises Uncomposable where one of them has no structure, or where they are not as many documents each; TimeoutError.
    """

    def __init__(
        self, three: tuple[bytes, bytes, bytes], format_: Format, dialect: Dialect, deadline: Deadline
    ) -> None:
        self._format = format_
        self._deadline = deadline
        self._reading = Reading(format_, dialect, deadline)
        self._base, self._mine, self._theirs = (self._compose(data) for data in three)
        self._data = self._merge(self._mine, self._theirs)
        self._proof = Proof(self._base, self._mine, self._theirs, self._data.roots, self._reading)

    @property
    def conflicts(self) -> int:
        """The number of places where the sides disagree."""
        return len(self._data.conflicts)

    def into_theirs(self, draft: bytes) -> bytes | None:
        """``draft``, which is theirs with some or no changes of mine, with those that it lacks.

        None where they cannot be written into it so that it is proved right.
        """
        return self._into(draft, self._mine)

    def into_mine(self, draft: bytes) -> bytes | None:
        """The same the other way round."""
        return self._into(draft, self._theirs)

    def _into(self, draft: bytes, side: Stream) -> bytes | None:
        try:
            stream = self._compose(draft)
            merge = self._merge(side, stream)
            if merge.conflicts:
                return None
            if merge.changes:
                syntax = Syntax.YAML if self._format is Format.YAML else Syntax.JSON
                _, encoding = decode(draft)
                draft = encoding.encode(splice(stream, merge.changes, syntax))
                stream = self._compose(draft)
            return draft if self._proof.holds(stream) else None
        except (Uncomposable, NotRepresentable):
            return None

    def disputed(self, lines: LineMerge) -> Iterator[Lines]:
        """The lines of the base that hold what the sides disagree about, one stretch a conflict."""
        base, mine, theirs = (_line_ends(stream.text) for stream in (self._base, self._mine, self._theirs))
        for conflict in self._data.conflicts:
            spans: list[Lines] = []
            if conflict.base is not None:
                spans.append(_lines(conflict.base, base))
            if conflict.mine is not None:
                spans.append(lines.before_mine(_lines(conflict.mine, mine)))
            if conflict.theirs is not None:
                spans.append(lines.before_theirs(_lines(conflict.theirs, theirs)))
            yield Lines(min(span.start for span in spans), max(span.end for span in spans))

    def _compose(self, data: bytes) -> Stream:
        try:
            return compose(decode(data)[0], self._format, self._deadline)
        except UnicodeDecodeError as error:
            raise Uncomposable(f"it is not valid {error.encoding}") from error

    def _merge(self, side: Stream, other: Stream) -> DataMerge:
        if not len(self._base.roots) == len(side.roots) == len(other.roots):
            raise Uncomposable("it has more documents, or fewer")
        return DataMerge(self._base, side, other, self._reading, self._deadline)


def _line_ends(text: str) -> list[int]:
    return [at for at, character in enumerate(text) if character == "\n"]


def _lines(node: Node, ends: list[int]) -> Lines:
    """The lines that ``node`` touches; ``ends`` are where the lines of its text end."""
    return Lines(bisect_left(ends, node.start), bisect_left(ends, max(node.start, node.end - 1)) + 1)
