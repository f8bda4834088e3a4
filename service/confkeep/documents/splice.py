"""Changes of a document done in its text: what they do not touch stays, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.splicing.block import BlockEntries
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.draft import Draft
from confkeep.documents.splicing.empty import clear, slot_to_fill
from confkeep.documents.splicing.flow import FlowEntries, put_json_root
from confkeep.documents.splicing.group import grouped
from confkeep.documents.splicing.paths import path_to
from confkeep.documents.splicing.rename import rename
from confkeep.documents.splicing.slot import Filled, Slot, put_root

if TYPE_CHECKING:
    from collections.abc import Sequence

    from confkeep.documents.changes import Change
    from confkeep.documents.node import Stream
    from confkeep.documents.splicing.group import Group

__all__ = ["Syntax", "splice"]


def splice(stream: Stream, changes: Sequence[Change], syntax: Syntax) -> str:
    """The text of ``stream`` with all ``changes`` done; they are of nodes as they are in it.

    The anchor of a replaced value stays, its tag goes. Comments directly above an entry, on its last line and inside
    it go with it. A collection that loses its last entry is left as ``[]`` or ``{}``. Nothing is proved here: callers
    parse the text again and compare.

    Raises NotRepresentable with the reason when a change cannot be written there, or is inside of what another one
    replaces or removes; ValueError when two are of one node, or one is of a node that is not in ``stream``.
    """
    groups, roots = grouped(changes)
    draft = Draft(stream, syntax, changes)
    for index, new in roots.items():
        if syntax is Syntax.JSON:
            put_json_root(draft, index, new)
        elif stream.roots:
            Slot(draft, None, index, 0).put(new)
        else:
            put_root(draft, new, len(stream.text))
    for group in groups:
        _change(draft, group)
    return draft.done()


def _change(draft: Draft, group: Group) -> None:
    path = path_to(draft.stream, group.container)
    depth = len(path)
    container = group.container
    for index, key in group.renamed.items():
        rename(draft, container, index, key)
    if container.flow:
        if group.fills and (slot := slot_to_fill(draft, path, container)):
            slot.put(Filled(group))
        else:
            FlowEntries(draft, group, depth).change()
        return
    for index, new in group.replaced.items():
        Slot(draft, container, index, depth).put(new)
    if group.empties:
        clear(draft, path, BlockEntries(draft, group, depth))
    elif group.removed or group.inserted:
        BlockEntries(draft, group, depth).change()
