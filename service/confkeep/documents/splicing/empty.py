"""Block collections that lose all of their entries, and empty ones that get some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Mapping
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.extent import Entries, content_start, has_properties, is_block, properties_end
from confkeep.documents.splicing.lines import line_end
from confkeep.documents.splicing.slot import Slot

if TYPE_CHECKING:
    from confkeep.documents.node import Collection
    from confkeep.documents.splicing.block import BlockEntries
    from confkeep.documents.splicing.draft import Draft
    from confkeep.documents.splicing.paths import Step

_NEIGHBOURS: Final = 60


def slot_to_fill(draft: Draft, path: list[Step], container: Collection) -> Slot | None:
    """Where the entries of an empty ``container`` are to stand in block style; None where they stay in brackets."""
    start = content_start(container, draft.text)
    if draft.syntax is Syntax.JSON or draft.text[start + 1 : container.end - 1].strip():
        return None
    if not path:
        return Slot(draft, None, draft.stream.roots.index(container), 0)
    parent, index = path[-1].container, path[-1].index
    if parent.flow or index is None or _prefers_brackets(parent, container):
        return None
    slot = Slot(draft, parent, index, len(path) - 1)
    return None if slot.head is None else slot


def _prefers_brackets(parent: Collection, container: Collection) -> bool:
    """Whether the neighbours write what is like ``container``, and not empty, in brackets only."""
    like = [one for one in parent.values[:_NEIGHBOURS] if isinstance(one, type(container)) and one.values]
    return bool(like) and not any(is_block(one) for one in like)


def clear(draft: Draft, path: list[Step], block: BlockEntries) -> None:
    """Write the brackets of an empty collection: behind its key where its entries stood on lines below."""
    container = block.container
    brackets = "{}" if isinstance(container, Mapping) else "[]"
    index = path[-1].index if path else None
    parent = path[-1].container if path else None
    head = None if parent is None or index is None else Entries(draft.text, parent, draft.syntax).head(index)
    if head is None or line_end(draft.text, head) >= block.entries.start(0):
        block.put_in_place(brackets)
        return
    at = properties_end(container, draft.text) if has_properties(container) else head
    draft.edit(at, at, " " + brackets, block.rank)
    block.clear()
