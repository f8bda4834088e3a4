"""One file of a listing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from confkeep.client.document import Document


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a listing."""

    root: str
    path: str
    size: int
    last_modified: datetime
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document, page: Document) -> Entry:
        """From a listing, whose ``page`` names the root."""
        time = found.time("last_modified")
        return cls(page.text("root"), found.text("path"), found.number("size"), time, found.members)
