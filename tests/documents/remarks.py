"""The comments of a YAML text, found without the parser that forgets them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from confkeep.documents.deadline import Deadline
from confkeep.documents.node import Alias, Mapping, Scalar, Sequence, walk
from confkeep.documents.yaml.compose import compose
from confkeep.documents.yaml.scalars import read

if TYPE_CHECKING:
    from confkeep.documents.node import Node, Stream

_COMMENT = re.compile(r"(?:^|(?<=[\s]))#[^\r\n]*", re.MULTILINE)


class Remark(NamedTuple):
    """One comment: its text, and the number of its line."""

    text: str
    line: int


def remarks(stream: Stream) -> list[Remark]:
    """All comments: what begins with ``#`` outside of scalars."""
    text = stream.text
    covered = bytearray(len(text) + 1)
    for root in stream.roots:
        for node in walk(root):
            if isinstance(node, Scalar):
                end = node.start + len(text[node.start : node.end].rstrip()) if node.style in "|>" else node.end
                start = node.start
                if node.style in {"|", ">"}:  # a comment may stand behind the indicator
                    start = text.find("\n", node.start, node.end) if "\n" in text[node.start : node.end] else node.end
                covered[start:end] = b"\1" * max(end - start, 0)
    return [
        Remark(match.group().strip(), text.count("\n", 0, match.start()))
        for match in _COMMENT.finditer(text)
        if not covered[match.start()]
    ]


def stream_of(text: str) -> Stream:
    """The nodes of ``text``."""
    return compose(text, Deadline(60))


def excused(stream: Stream, document: int, path: tuple[Any, ...]) -> set[int]:
    """The lines of what is at ``path``, with the comments directly above it."""
    node: Node = stream.roots[document]
    key = None
    for step in path:
        while isinstance(node, Alias):
            node = node.target
        if isinstance(node, Sequence) and isinstance(step, int):
            key, node = None, node.values[step]
        elif isinstance(node, Mapping):
            index = next((n for n in range(len(node.keys) - 1, -1, -1) if _is(node.keys[n], step)), None)
            if index is None:
                return set()
            key, node = node.keys[index], node.values[index]
        else:
            return set()
    text = stream.text
    lines = text.split("\n")
    first = text.count("\n", 0, key.start if key is not None else node.start)
    last = text.count("\n", 0, max(node.start, node.end - 1))
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return set(range(first, last + 1))


def _is(key: Node, wanted: Any) -> bool:  # noqa: ANN401
    if isinstance(key, Alias):
        key = key.target
    if not isinstance(key, Scalar):
        return False
    kind, value = ("str", key.value) if key.style or key.tag else read(key.value, "1.1")
    return key.value == str(wanted) or (kind == type(wanted).__name__ and value == wanted)
