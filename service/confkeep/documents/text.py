"""Bytes to text and back again, byte for byte."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Final

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """A byte order mark, or none, and the codec of what follows it."""

    mark: bytes
    codec: str

    def encode(self, text: str) -> bytes:
        """``text`` as it stands in the file. Raises UnicodeEncodeError for a lone surrogate."""
        return self.mark + text.encode(self.codec)


def decode(data: bytes) -> tuple[str, Encoding]:
    """The text without its byte order mark, and how to write it again. Raises UnicodeDecodeError."""
    encoding = next((Encoding(mark, codec) for mark, codec in _MARKS if data.startswith(mark)), Encoding(b"", "utf-8"))
    return data[len(encoding.mark) :].decode(encoding.codec), encoding


def newline_of(text: str) -> str:
    """The line break that a text uses: CRLF when its first line ends so, otherwise LF."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"
