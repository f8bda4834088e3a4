"""What a merged text has to be: the merge of the data, with nothing lost that is no data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.merging.comments import comments_of, keeps_comments
from confkeep.documents.node import Mapping, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.documents.node import Node, Stream
    from confkeep.documents.reading import Reading


class Proof:
    """What is known of the three, to hold a text against."""

    def __init__(self, base: Stream, mine: Stream, theirs: Stream, roots: Sequence[Node], reading: Reading) -> None:
        self._reading = reading
        self._data = [reading.fingerprint(root) for root in roots]
        self._comments = comments_of(base), comments_of(mine), comments_of(theirs)
        self._doubles = max(_doubles(mine, reading), _doubles(theirs, reading))

    def holds(self, merge: Stream) -> bool:
        """Whether ``merge`` reads as it must, has the comments of both sides, and no key twice that neither had."""
        return (
            [self._reading.fingerprint(root) for root in merge.roots] == self._data
            and keeps_comments(*self._comments, comments_of(merge))
            and _doubles(merge, self._reading) <= self._doubles
        )


def _doubles(stream: Stream, reading: Reading) -> int:
    """How many entries say nothing because a later one has the same key; merge keys may be there twice."""
    return sum(
        len(keys) - len({reading.fingerprint(key) for key in keys})
        for root in stream.roots
        for node in walk(root)
        if isinstance(node, Mapping) and (keys := [key for key in node.keys if not reading.is_merge(key)])
    )
