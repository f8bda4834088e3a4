"""Where something stands: from offsets in a document to lines and UTF-16 characters."""

from __future__ import annotations

import codecs
import re
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, Final

from confkeep.documents.diagnostic import Diagnostic, Position, Range

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Severity

# The protocol's ends of line. Parsers count others too (U+2028), so their line numbers are of no use to an editor.
_END_OF_LINE: Final = re.compile(r"\r\n|\r|\n")
_UTF_16: Final = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}


class Lines:
    """A document's text without its byte order mark; nothing is decoded before there is something to say."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.codec = "utf-16" if data[:2] in _UTF_16 else "utf-8-sig"

    @cached_property
    def text(self) -> str:
        """What cannot be decoded is U+FFFD."""
        return self.data.decode(self.codec, "replace")

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line's first character."""
        return [0, *(end.end() for end in _END_OF_LINE.finditer(self.text))]

    def number(self, index: int) -> int:
        """The zero-based line that ``index`` is in."""
        return bisect_right(self.starts, index) - 1

    def line(self, number: int) -> str:
        """The line without its end; empty where there is none."""
        if not 0 <= number < len(self.starts):
            return ""
        end = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[number] : end].rstrip("\r\n")

    def position(self, index: int) -> Position:
        """``index`` counts characters, as Python slices do."""
        number = self.number(index)
        return Position(number, len(self.text[self.starts[number] : index].encode("utf-16-le", "surrogatepass")) // 2)

    def say(self, severity: Severity, code: str, message: str, start: int, end: int | None = None) -> Diagnostic:
        """From ``start`` to ``end``; without one, about the place before ``start``."""
        first = self.position(start)
        return Diagnostic(severity, code, message, Range(first, first if end is None else self.position(end)))

    def error(self, code: str, message: str, start: int, end: int | None = None) -> Diagnostic:
        """What makes the document invalid."""
        return self.say("error", code, message, start, end)

    def warning(self, code: str, message: str, start: int, end: int | None = None) -> Diagnostic:
        """What a person should know."""
        return self.say("warning", code, message, start, end)

    def index_of(self, offset: int) -> int:
        """The character that byte ``offset`` belongs to."""
        return len(self.data[:offset].decode(self.codec, "replace"))

    def undecodable(self, error: UnicodeDecodeError) -> Diagnostic:
        """An error at the first byte that is not of the document's encoding."""
        name = "UTF-16" if error.encoding.startswith("utf-16") else "UTF-8"
        message = f"byte 0x{self.data[error.start]:02x} is not {name}: save the file as UTF-8"
        return self.error("encoding", message, self.index_of(error.start))
