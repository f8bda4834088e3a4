"""Comments of a document, told by their words: a merge must not lose those that a side has written."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Alias, Scalar, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confkeep.documents.node import Stream

# Between scalars: in YAML what begins with # behind a blank, in JSON with comments the two of JavaScript.
_COMMENT: Final = re.compile(r"(?<!\S)#[^\r\n]*|//[^\r\n]*|/\*.*?\*/", re.DOTALL)


def comments_of(stream: Stream) -> Counter[str]:
    """How often each comment is there, its indentation and its place aside."""
    return Counter(comment.rstrip() for gap in _gaps(stream) for comment in _COMMENT.findall(gap))


def keeps_comments(base: Counter[str], mine: Counter[str], theirs: Counter[str], merge: Counter[str]) -> bool:
    """Whether what a side has added is in the merge, and what none has removed."""
    for comment in mine | theirs | base:
        changes = sorted((mine[comment] - base[comment], theirs[comment] - base[comment]))
        added, removed = max(changes[1], 0), sum(min(change, 0) for change in changes)
        if merge[comment] < base[comment] + added + removed:
            return False
    return True


def _gaps(stream: Stream) -> Iterator[str]:
    """The text between scalars, where comments are."""
    at = 0
    for root in stream.roots:
        for node in walk(root):
            if isinstance(node, Scalar | Alias):
                yield stream.text[at : node.start]
                at = max(at, node.end)
    yield stream.text[at:]
