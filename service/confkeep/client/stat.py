"""What is known of a file besides its bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from confkeep.client.verdict import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from confkeep.client.document import Document


@dataclass(frozen=True, slots=True)
class Stat:
    """What is there; ``mode`` is octal, ``etag`` None where the daemon may not read it."""

    root: str
    path: str
    size: int
    mode: str
    uid: int
    gid: int
    etag: str | None
    revision: int | None
    last_modified: datetime
    secret: bool
    verdict: Verdict
    document: dict[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, found: Document) -> Stat:
        """From an answer."""
        return cls(
            root=found.text("root"),
            path=found.text("path"),
            size=found.number("size"),
            mode=found.text("mode"),
            uid=found.number("uid"),
            gid=found.number("gid"),
            etag=found.maybe_text("etag"),
            revision=found.maybe_number("revision"),
            last_modified=found.time("last_modified"),
            secret=found.flag("secret"),
            verdict=Verdict.of(found),
            document=found.members,
        )
