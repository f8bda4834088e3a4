"""YAML text to nodes, over libyaml's events (PyYAML): tags are not resolved, no value is built.

PyYAML's own ``compose`` resolves every tag, which costs as much as the parser itself, and forgets where aliases stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from confkeep.documents.node import Alias, Mapping, Scalar, Sequence, Stream
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.uncomposable import Uncomposable
from confkeep.documents.yaml.breaks import odd_break
from confkeep.documents.yaml.parser import MAX_DEPTH, Parser

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Node

_EVENTS_BETWEEN_LOOKS: Final = 256


def compose(text: str, deadline: Deadline) -> Stream:
    """The nodes of ``text``, which has no byte order mark. Raises Uncomposable, TimeoutError.

    An alias of a collection that is still open (``&a [*a]``) is refused: nothing that goes through such a tree ends.
    """
    if text.startswith("\ufeff"):
        raise Uncomposable("it begins with two byte order marks")  # libyaml would skip it, and its positions with it
    try:
        stream = Stream(text, _compose(text, deadline))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" in line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Uncomposable(f"it is not valid YAML: {error.problem or 'syntax error'}{where}") from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise Uncomposable(f"it is not valid YAML: {error}") from error
    if (at := odd_break(stream)) is not None:
        raise Uncomposable(f"a line break U+{ord(text[at]):04X} in it is one to some readers only")
    return stream


def _compose(text: str, deadline: Deadline) -> list[Node]:  # noqa: C901, PLR0912, PLR0915 - one loop over all events: see check
    roots: list[Node] = []
    anchors: dict[str, Scalar | Mapping | Sequence] = {}
    stack: list[tuple[Mapping | Sequence | None, Node | None]] = []
    parent: Mapping | Sequence | None = None
    key: Node | None = None  # of the entry that still lacks its value
    node: Node
    left = _EVENTS_BETWEEN_LOOKS
    next_event = Parser(text).get_event
    while (event := next_event()) is not None:
        left -= 1
        if not left:
            left = _EVENTS_BETWEEN_LOOKS
            deadline.look()
        kind = event.__class__
        if kind is ScalarEvent:
            node = Scalar(
                event.start_mark.index, event.end_mark.index, event.value, event.style or "", event.tag, event.anchor
            )
            if event.anchor is not None:
                anchors[event.anchor] = node
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            make = Mapping if kind is MappingStartEvent else Sequence
            opened = make(event.start_mark.index, -1, event.flow_style, event.tag, event.anchor)
            if event.anchor is not None:
                anchors[event.anchor] = opened
            stack.append((parent, key))
            parent, key = opened, None
            if len(stack) > MAX_DEPTH:
                raise Uncomposable(f"it is nested more than {MAX_DEPTH} deep")
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            assert parent is not None  # noqa: S101 - the parser's events are balanced
            # The end of a block collection is marked at the next token, behind comments that are not its own.
            parent.end = event.end_mark.index if parent.flow or not parent.values else parent.values[-1].end
            node = parent
            parent, key = stack.pop()
        elif kind is AliasEvent:
            node = _alias(event, anchors)
        elif kind is DocumentStartEvent:
            anchors.clear()
            continue
        else:
            continue
        if parent is None:
            roots.append(node)
        elif isinstance(parent, Sequence):
            parent.values.append(node)
        elif key is None:
            key = node
        else:
            if node.start == node.end:
                _place(node, key, text)
            parent.keys.append(key)
            parent.values.append(node)
            key = None
    return roots


def _place(absent: Node, key: Node, text: str) -> None:
    """An absent value stands behind its colon, or its key: the parser marks some of them at the next token."""
    colon = Syntax.YAML.skip(text, key.end)
    absent.start = absent.end = colon + 1 if text.startswith(":", colon) and colon < absent.end else key.end


def _alias(event: Any, anchors: dict[str, Scalar | Mapping | Sequence]) -> Alias:  # noqa: ANN401 - as the parser
    target = anchors.get(event.anchor)
    if target is None:
        raise Uncomposable(f"it has an alias *{event.anchor} without an anchor")
    if target.end < 0:
        raise Uncomposable(f"the alias *{event.anchor} is part of what it stands for")
    return Alias(event.start_mark.index, event.end_mark.index, event.anchor, target)
