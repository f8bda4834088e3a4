"""The version token of a file: a hash of its bytes.

Never mtime or inode: ext4 reuses inode numbers at once, and mtime with size gives false answers on container mounts.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple


class Version(NamedTuple):
    """Some bytes and their etag: a save needs it in five places, and hashing is a good part of its processor time."""

    data: bytes
    etag: str


def version_of(data: bytes) -> Version:
    """``data`` with its etag."""
    return Version(data, etag_of(data))


def etag_of(data: bytes) -> str:
    """SHA-256 in lower-case hex, the same that ``sha256sum`` prints; strong in the sense of RFC 9110, 8.8.1."""
    return sha256(data).hexdigest()
