"""The encoding of a text, where nothing more is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from confkeep.documents.lines import Lines

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic


def check(data: bytes) -> list[Diagnostic]:
    """UTF-8, or UTF-16 with a byte order mark; anything else is an error, a NUL in it a warning."""
    lines = Lines(data)
    try:
        text = data.decode(lines.codec)
    except UnicodeDecodeError as error:
        return [lines.undecodable(error)]
    at = text.find("\0")
    return [] if at < 0 else [lines.warning("nul", "a NUL character, which few readers expect in a text", at, at + 1)]
