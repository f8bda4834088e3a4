"""The comments that a change must keep: all but those of what it removes or replaces.

Marks between documents and directives are no nodes either, and belong to nothing that could be removed.
A comment belongs to an item or entry when it stands on its line, in it, deeper below it, or directly above it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from confkeep.documents.changes import Remove, Replace
from confkeep.documents.format import Format
from confkeep.documents.node import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Sequence as Several

    from confkeep.documents.changes import Change
    from confkeep.documents.node import Collection, Node, Stream

_YAML: Final = re.compile(r"(?<!\S)#[^\r\n]*|^(?:---|\.\.\.)(?!\S)|^%[^\r\n]*", re.MULTILINE)
_JSON: Final = re.compile(r"//[^\r\n]*|/\*(?:[^*]|\*(?!/))*+\*/")
_DASH: Final = re.compile(r"(?:\s|#[^\r\n]*)*-")
_BLOCK: Final = frozenset("|>")
_CHUNK: Final = 1 << 12


def lost_comment(old: Stream, changes: Several[Change], new: Stream, format_: Format) -> int | None:
    """The line of the first comment of ``old`` that ``new`` lacks though it belongs to nothing that goes."""
    if format_ is Format.JSON:
        return None
    pattern = _YAML if format_ is Format.YAML else _JSON
    (low, high), (new_low, new_high) = _differing(old.text, new.text)
    there = list(_comments(old, low, high, pattern))
    if not there:
        return None
    going = _joined([_belongings(old, change, pattern) for change in changes])
    left = iter([match.group().rstrip() for match in _comments(new, new_low, new_high, pattern)])
    for match in there:
        while going and going[-1][1] < match.start():
            going.pop()
        if going and going[-1][0] <= match.start():
            continue
        if match.group().rstrip() not in left:  # an iterator: what was passed over is not looked at again
            return old.text.count("\n", 0, match.start()) + 1
    return None


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same, without overlaps, the last one first."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined[::-1]


def _differing(old: str, new: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """The whole lines in which the two differ: the span in ``old``, and that in ``new``."""
    shorter = min(len(old), len(new))
    before = _common(lambda at, size: old[at : at + size] == new[at : at + size], shorter)
    before = old.rfind("\n", 0, before) + 1
    behind = _common(
        lambda at, size: old[len(old) - at - size : len(old) - at] == new[len(new) - at - size : len(new) - at],
        shorter - before,
    )
    ends: list[int] = []
    for text in (old, new):
        end = text.find("\n", max(len(text) - behind - 1, 0))
        ends.append(len(text) if end < 0 else end)
    return (before, ends[0]), (before, ends[1])


def _common(same: Callable[[int, int], bool], length: int) -> int:
    """How many characters, at most ``length``, are the same from the beginning on."""
    at, size = 0, _CHUNK
    while size:
        while at + size <= length and same(at, size):
            at += size
        size //= 2
    return at


def _comments(stream: Stream, low: int, high: int, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Those between ``low`` and ``high``: what looks like one in a scalar is none."""
    at = low
    for leaf in _leaves(stream, low, high):
        start = _text_start(leaf, stream.text)
        if start > at:
            yield from pattern.finditer(stream.text, at, min(start, high))
        at = max(at, leaf.end)
    if at < high:
        yield from pattern.finditer(stream.text, at, high)


def _text_start(leaf: Node, text: str) -> int:
    """Where no comment can be any more: behind the line of a block scalar's indicator, there may be one."""
    if not isinstance(leaf, Scalar) or leaf.style not in _BLOCK:
        return leaf.start
    end = text.find("\n", text.find(leaf.style, leaf.start))
    return leaf.end if end < 0 else end


def _leaves(stream: Stream, low: int, high: int) -> Iterator[Node]:
    """The scalars and aliases of which something is between ``low`` and ``high``, in the order of the text."""
    waiting: list[Node] = [root for root in reversed(stream.roots) if root.end >= low and root.start <= high]
    end_of = attrgetter("end")
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Mapping | Sequence):
            yield node
            continue
        first = bisect_left(node.values, low, key=end_of)
        inner: list[Node] = []
        for index in range(first, len(node.values)):
            head = node.keys[index] if isinstance(node, Mapping) else node.values[index]
            if head.start > high:
                break
            inner += (head, node.values[index]) if isinstance(node, Mapping) else (head,)
        waiting += reversed(inner)


def _belongings(stream: Stream, change: Change, pattern: re.Pattern[str]) -> tuple[int, int]:
    """The span in which comments belong to what ``change`` removes or replaces; an empty one for what it adds."""
    if not isinstance(change, Replace | Remove):
        return 0, -1
    if change.container is None:
        return (stream.roots[0].start, stream.roots[0].end) if stream.roots else (0, -1)
    text = stream.text
    container, index = change.container, change.index
    node = container.values[index]
    head = _head(text, container, index)
    if isinstance(change, Remove) and container.flow:
        last = index + 1 == len(container.values)
        return _end_before(container, index), container.end if last else _start_of(container, index + 1)
    column = head - (text.rfind("\n", 0, head) + 1)
    end = _below(text, node.end, column, pattern)
    if isinstance(change, Remove):
        return _above(text, head, pattern), end
    return (_next_line(text, head) if head < node.start else node.start), end


def _head(text: str, container: Collection, index: int) -> int:
    """Where item or entry ``index`` begins: its key, or its dash."""
    if isinstance(container, Mapping):
        return container.keys[index].start
    dash = _DASH.match(text, _end_before(container, index)) if not container.flow else None
    return dash.end() - 1 if dash else container.values[index].start


def _end_before(container: Collection, index: int) -> int:
    return container.values[index - 1].end if index else container.start


def _start_of(container: Collection, index: int) -> int:
    return container.keys[index].start if isinstance(container, Mapping) else container.values[index].start


def _above(text: str, at: int, pattern: re.Pattern[str]) -> int:
    """Where the lines of comments directly above that of ``at`` begin."""
    start = text.rfind("\n", 0, at) + 1
    if text[start:at].strip(" "):
        return at  # a compact collection: what stands above belongs to the one around it
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        line = text[above:start]
        if pattern.match(line, len(line) - len(line.lstrip())) is None:
            break
        start = above
    return start


def _below(text: str, at: int, column: int, pattern: re.Pattern[str]) -> int:
    """The end of the line of ``at`` and of the lines of comments below it that stand deeper than ``column``."""
    if at and text[at - 1] == "\n":  # a block scalar ends with its line
        at -= 1
    end = _next_line(text, at)
    while end < len(text):
        behind = _next_line(text, end)
        line = text[end:behind]
        indent = len(line) - len(line.lstrip())
        if line.strip() and (indent <= column or pattern.match(line, indent) is None):
            break
        end = behind
    return end - 1


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
