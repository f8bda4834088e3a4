"""The bytes of a file, or of one of its revisions."""

from __future__ import annotations

from typing import NamedTuple


class Content(NamedTuple):
    """The bytes of a file, with their etag; ``revision`` is None where the history does not know them."""

    root: str
    path: str
    data: bytes
    etag: str
    revision: int | None
