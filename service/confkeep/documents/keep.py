"""A program's dump and the text it came from, to the new meaning in the old text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.documents.collector import paused
from confkeep.documents.deadline import Deadline
from confkeep.documents.format import Format
from confkeep.documents.keeping import Keeping
from confkeep.documents.reading import Reading
from confkeep.documents.streams import compose
from confkeep.documents.text import decode
from confkeep.documents.uncomposable import Uncomposable
from confkeep.errors import InvalidDocument, NotRepresentable

if TYPE_CHECKING:
    from confkeep.documents.dialect import Dialect
    from confkeep.documents.node import Stream
    from confkeep.documents.text import Encoding

_FORMATS: Final = {Format.YAML, Format.JSON, Format.JSONC}


@dataclass(frozen=True, slots=True)
class Kept:
    """``data`` to save; ``kept``: it is the old text with splices; otherwise the new one, and ``reason`` says why."""

    data: bytes
    kept: bool
    reason: str | None = None


def keep(old: bytes, new: bytes, format_: Format, dialect: Dialect, *, seconds: float) -> Kept:
    """The old text with the smallest splices that make it read as ``new`` does; else ``new``. Never raises.

    YAML, JSON, JSON with comments and TOML. The result is parsed again, and reads as ``new`` to the readers of
    ``dialect``. To Home Assistant (YAML 1.1) an old ``17:30:00`` is what a program dumps as ``63000``, and stays. Where
    readers of both versions of YAML are possible the data must be the same to both: there it is a change, and is
    written.
    Byte order mark, encoding and line breaks are those of ``old``; where the data is the same, so is every byte.
    """
    try:
        with paused():
            return Kept(_keep(old, new, format_, dialect, Deadline(seconds)), kept=True)
    except _NotKept as error:
        return Kept(new, kept=False, reason=str(error))
    except TimeoutError:
        return Kept(new, kept=False, reason=f"comparing the two texts takes more than {seconds:g} s")


class _NotKept(Exception):
    """The message is the reason."""


def _keep(old: bytes, new: bytes, format_: Format, dialect: Dialect, deadline: Deadline) -> bytes:
    if format_ is Format.TOML:
        return _keep_toml(old, new, deadline)
    if format_ not in _FORMATS:
        raise _NotKept(f"comments are kept in YAML, JSON and TOML only, not in {format_.value}")
    reading = Reading(format_, dialect, deadline)
    before, encoding = _read("old", old, reading, format_, deadline)
    after, _ = _read("new", new, reading, format_, deadline)
    if not after.roots:
        raise _NotKept("the new text holds no data")
    if len(before.roots) != len(after.roots) and before.roots:
        raise _NotKept(f"the old text has {len(before.roots)} documents, the new one {len(after.roots)}")
    keeping = Keeping(after, reading, format_, deadline)
    if keeping.reads_alike(before):
        return old
    try:
        return encoding.encode(keeping.keep(before))
    except (NotRepresentable, Uncomposable, UnicodeEncodeError) as error:
        raise _NotKept(f"the change cannot be written into the old text: {error}") from error


def _keep_toml(old: bytes, new: bytes, deadline: Deadline) -> bytes:
    from confkeep.documents.toml.keep import keep as keep_toml
    from confkeep.documents.toml.keep import read

    before, encoding = _decode("old", old)
    after, _ = _decode("new", new)
    try:
        data = read(before)
    except Uncomposable as error:
        raise _NotKept(f"the old text cannot be read: {error}") from error
    try:
        wanted = read(after)
    except Uncomposable as error:
        raise _NotKept(f"the new text cannot be read: {error}") from error
    try:
        return encoding.encode(keep_toml(before, data, wanted, deadline))
    except (NotRepresentable, InvalidDocument) as error:
        raise _NotKept(f"the change cannot be written into the old text: {error}") from error


def _read(name: str, data: bytes, reading: Reading, format_: Format, deadline: Deadline) -> tuple[Stream, Encoding]:
    text, encoding = _decode(name, data)
    try:
        stream = compose(text, format_, deadline)
        for root in stream.roots:
            reading.fingerprint(root)
    except Uncomposable as error:
        raise _NotKept(f"the {name} text cannot be read: {error}") from error
    return stream, encoding


def _decode(name: str, data: bytes) -> tuple[str, Encoding]:
    if not data.strip():
        raise _NotKept(f"the {name} text is empty")
    try:
        text, encoding = decode(data)
    except UnicodeDecodeError as error:
        raise _NotKept(f"the {name} text cannot be read: {error}") from error
    if text.startswith("\ufeff"):  # libyaml skips it as the first one, other readers do not
        raise _NotKept(f"the {name} text begins with two byte order marks")
    return text, encoding
