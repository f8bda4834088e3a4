"""A key becomes another one; all else of its entry stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Mapping, Scalar
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.extent import is_block_scalar
from confkeep.documents.splicing.json_text import write_json
from confkeep.documents.splicing.news import node_for
from confkeep.documents.yaml.emit import Emitter
from confkeep.errors import NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.changes import New
    from confkeep.documents.node import Collection, Node
    from confkeep.documents.splicing.draft import Draft

_LONGEST_KEY: Final = 500  # escaped and quoted, it is to stay below 1,024 (YAML 1.2.2, section 7.4.3)


def can_rename(key: Node, length: int = 0) -> bool:
    """Whether ``key`` is written in one piece, which nothing else refers to; ``length``: of the new one, at most."""
    return (
        length <= _LONGEST_KEY
        and isinstance(key, Scalar)
        and key.anchor is None
        and key.start < key.end
        and not is_block_scalar(key)
    )


def rename(draft: Draft, container: Collection, index: int, new: New) -> None:
    """Write ``new`` for the key of entry ``index``. Raises NotRepresentable."""
    old = container.keys[index] if isinstance(container, Mapping) else None
    if old is None or not can_rename(old):
        raise NotRepresentable("the key is not a plain or quoted text of its own")
    node = node_for(draft, new, container, old)
    text = write_json(node, None) if draft.syntax is Syntax.JSON else Emitter(draft.style(container)).flow(node)
    draft.edit(old.start, old.end, text)
