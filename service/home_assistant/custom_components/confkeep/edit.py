"""One edit by Home Assistant's own editor: of which entry, by whom, and of what."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import Any, NamedTuple


class Edit(NamedTuple):
    """What is known of a request that writes."""

    client: str
    #: The person's name, for the history.
    by: str
    key: str
    #: Of the file as Home Assistant has read it for this edit; None where there is none.
    text: bytes | None
    #: The entry as it was in that file.
    entry: Any | None
    #: The data of that file where tags may be in it, else None.
    data: Any | None


def content_of(path: str) -> bytes | None:
    """The bytes of the file as this process sees it, None where there is none."""
    with suppress(FileNotFoundError), open(path, "rb") as file:
        return file.read()
    return None


def etag_of(text: bytes | None) -> str | None:
    """As confkeep makes it: the SHA-256 of the bytes (docs/api.md)."""
    return None if text is None else hashlib.sha256(text).hexdigest()
