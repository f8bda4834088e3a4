"""One loop over all events of a stream, without a call for those that need no look: the budget of a complete check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from confkeep.documents.yaml.hints import FIRST
from confkeep.documents.yaml.parser import EVENTS_BETWEEN_LOOKS, MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Hashable

    from confkeep.documents.deadline import Deadline
    from confkeep.documents.yaml.notes import Notes
    from confkeep.documents.yaml.parser import Source

TOO_DEEP: Final = f"nested more than {MAX_DEPTH} deep"
# On the stack, above the keys of a mapping: a key of it that is a collection has been opened, its value comes next.
_VALUE_COMES: Final[set[Hashable]] = set()


def walk(parser: Source, notes: Notes, deadline: Deadline, *, exact: bool) -> bool:  # noqa: C901, PLR0912, PLR0915
    """Note what ``parser`` has; whether that is all: False when keys have to be compared exactly, which takes longer.

    Without ``exact``, keys are compared as they are written. Raises what the parser does, TimeoutError.

    ``keys`` holds the scalar keys of the innermost mapping, whose next event is a key; None in a sequence.
    """
    stack: list[set[Hashable] | None] = []
    keys: set[Hashable] | None = None
    harmless, quiet = notes.harmless, notes.quiet
    first = FIRST
    next_event = parser.get_event
    while True:
        deadline.look()
        for _ in range(EVENTS_BETWEEN_LOOKS):
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                value = event.value
                if keys is not None:
                    if exact:
                        notes.key(event, keys)
                    elif (value in keys and value != "<<") or (
                        value[:1] in first and value not in harmless and notes.is_odd_key(event)
                    ):
                        return False
                    else:
                        keys.add(value)
                    if event.tag is not None:
                        notes.tag(event)
                    event = next_event()
                    kind = event.__class__
                    if kind is ScalarEvent:
                        value = event.value
                        if value[:1] in first and value not in quiet:
                            notes.value(event)
                        if event.tag is not None:
                            notes.tag(event)
                        continue
                else:
                    if value[:1] in first and value not in quiet:
                        notes.value(event)
                    if event.tag is not None:
                        notes.tag(event)
                    continue
            elif keys is not None and kind is not MappingEndEvent:
                # A key that is no scalar: an alias, whose value comes at once, or a collection.
                if kind is AliasEvent:
                    notes.has_aliases = True
                    event = next_event()
                    kind = event.__class__
                    if kind is ScalarEvent:
                        notes.scalar(event)
                        continue
                else:
                    stack.append(keys)
                    keys = _VALUE_COMES
            if kind is MappingEndEvent or kind is SequenceEndEvent:
                keys = stack.pop()
                if keys is not _VALUE_COMES:
                    continue
                event = next_event()
                kind = event.__class__
                if kind is not MappingStartEvent and kind is not SequenceStartEvent:
                    if kind is ScalarEvent:
                        notes.scalar(event)
                    else:
                        notes.has_aliases = True
                    keys = stack.pop()
                    continue
                keys = stack.pop()
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                stack.append(keys)
                keys = set() if kind is MappingStartEvent else None
                if event.tag is not None:
                    notes.tag(event)
                if len(stack) > MAX_DEPTH:
                    notes.too_deep(event, TOO_DEEP)
                    return True
            elif kind is AliasEvent:
                notes.has_aliases = True
            elif kind is DocumentStartEvent:
                notes.document(event)
            elif event is None:
                return True
