"""One edit by Home Assistant's own editor: of which entry, by whom, and of what."""

from __future__ import annotations

import hashlib
import os
import stat
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
    """The bytes of the file as this process sees it, None where there is none. Raises OSError for what is no file."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not hold us
    except FileNotFoundError:
        return None
    with open(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is no file (container engines make a directory where a file to mount is missing)")
        return file.read()


def etag_of(text: bytes | None) -> str | None:
    """As confkeep makes it: the SHA-256 of the bytes (docs/api.md)."""
    return None if text is None else hashlib.sha256(text).hexdigest()
