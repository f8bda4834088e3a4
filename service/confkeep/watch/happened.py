"""What the watching tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from confkeep.files.finding import Finding
    from confkeep.files.root import Root
    from confkeep.watch.standing import Standing


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody else gave ``relative`` of ``root`` a content, or removed it (``etag`` None). ``size`` in bytes."""

    root: str
    relative: str
    etag: str | None
    revision: int
    size: int
    created: bool


class Listener(Protocol):
    """Who is told; called on the watching thread."""

    def changed(self, change: Change) -> None:
        """A file's content was changed by somebody else; it is in the history."""
        ...

    def stands(self, root: Root, relative: str, standing: Standing) -> None:
        """A mount of ``root`` stands otherwise than before; ``relative`` is "" for the root itself."""
        ...

    def limited(self, root: Root, finding: Finding) -> None:
        """There are no more watches to be had: ``root`` is polled."""
        ...
