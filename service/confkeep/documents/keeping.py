"""Splices, and the proof that they say what they are to say; coarser splices where they do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.differ import changes
from confkeep.documents.format import Format
from confkeep.documents.splice import Syntax, splice
from confkeep.documents.streams import compose
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import Change
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Stream
    from confkeep.documents.reading import Reading

#: One for what changed, one or two for items that moved and changed, as many for anchors and their aliases.
_ROUNDS: Final = 5
#: How many levels around a place that cannot be spliced are replaced, one attempt after the other.
_COARSE: Final = (0, 1, 2, 4, 8, 1_000)


class Keeping:
    """Makes texts read as ``new`` does."""

    def __init__(self, new: Stream, reading: Reading, format_: Format, deadline: Deadline) -> None:
        self._new = new
        self._reading = reading
        self._format = format_
        self._syntax = Syntax.YAML if format_ is Format.YAML else Syntax.JSON
        self._deadline = deadline
        self._wanted = [reading.fingerprint(root) for root in new.roots]

    def reads_alike(self, stream: Stream) -> bool:
        """Whether ``stream`` is the same data."""
        return [self._reading.fingerprint(root) for root in stream.roots] == self._wanted

    def keep(self, old: Stream) -> str:
        """The text of ``old`` with the smallest splices. Raises NotRepresentable, Uncomposable, TimeoutError."""
        failed: list[Change] = []
        problem: Exception = NotRepresentable("no splice makes it the same data")
        for coarse in _COARSE:
            for _ in range(_ROUNDS):
                todo = changes(old, self._new, self._reading, coarse=coarse)
                if todo == failed:
                    break
                try:
                    old = self._step(old, todo)
                except (NotRepresentable, Uncomposable) as error:
                    problem, failed = error, todo
                    break
                if self.reads_alike(old):
                    return old.text
        raise problem

    def _step(self, old: Stream, todo: list[Change]) -> Stream:
        self._deadline.look()
        try:
            text = splice(old, todo, self._syntax)
        except ValueError as error:  # no reason to lose a save: another cut may do
            raise NotRepresentable(str(error)) from error
        stream = compose(text, self._format, self._deadline)
        if len(stream.roots) != len(self._new.roots):
            raise NotRepresentable("a splice changes the number of documents")
        return stream
