"""What a file has been."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from confkeep.client.document import Document


@dataclass(frozen=True, slots=True)
class Revision:
    """One recorded content of one file; ``etag`` is None where the file was removed."""

    root: str
    path: str
    id: int
    time: datetime
    state: str
    origin: str
    uid: int | None
    message: str
    size: int
    etag: str | None
    request_id: str
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document, page: Document | None = None) -> Revision:
        """From an answer; in a listing, ``page`` names the file."""
        named = found if page is None else page
        return cls(
            root=named.text("root"),
            path=named.text("path"),
            id=found.number("id"),
            time=found.time("time"),
            state=found.text("state"),
            origin=found.text("origin"),
            uid=found.maybe_number("uid"),
            message=found.text("message"),
            size=found.number("size"),
            etag=found.maybe_text("etag"),
            request_id=found.text("request_id"),
            document=found.members,
        )
