"""Text to nodes, whatever the format that has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.format import Format
from confkeep.documents.uncomposable import Uncomposable

if TYPE_CHECKING:
    from confkeep.documents.deadline import Deadline
    from confkeep.documents.node import Stream


def compose(text: str, format_: Format, deadline: Deadline) -> Stream:
    """The nodes of ``text`` in YAML, JSON or JSONC. Raises Uncomposable (other formats have none), TimeoutError."""
    match format_:
        case Format.YAML:
            from confkeep.documents.yaml.compose import compose as compose_yaml

            return compose_yaml(text, deadline)
        case Format.JSON | Format.JSONC:
            from confkeep.documents.json.tree import compose as compose_json

            return compose_json(text, deadline, comments=format_ is Format.JSONC)
        case _:
            raise Uncomposable(f"{format_.value} has no nodes")
