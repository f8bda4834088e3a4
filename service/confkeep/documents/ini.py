"""The check of INI, which has no standard: only what no reader could load is an error.

Compared: Python's configparser, PHP's parse_ini_file, git-config(1), systemd.syntax(7), Gitea's go-ini, MySQL's option
files and Ansible's inventories. All of them stop at a section header without its bracket; they differ about all else:
entries before the first section (configparser stops), lines without ``=`` (MySQL's and Ansible's are full of them),
duplicates (configparser stops, systemd adds up), values over several lines, encodings, byte order marks.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

from confkeep.documents.deadline import Deadline
from confkeep.documents.diagnostic import in_order
from confkeep.documents.lines import Lines

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic, Severity

_LINES_BETWEEN_LOOKS: Final = 256
_MOST_NOTES: Final = 20
_HEADER: Final = re.compile(r"\[(?P<name>.*)\][^\]]*")
_ENTRY: Final = re.compile(r"(?P<key>[^=:]*[^=:\s])\s*[=:]")
#: In these, go-ini's values may go on in lines that look like anything.
_OVER_SEVERAL_LINES: Final = ('"""', "`", "'''")


def check(data: bytes, *, seconds: float) -> list[Diagnostic]:
    """What is noteworthy about ``data``. Raises TimeoutError."""
    lines = Lines(data)
    reader = _Reader(lines)
    try:
        data.decode(lines.codec)
    except UnicodeDecodeError as error:
        reader.note("warning", "encoding", "not UTF-8, which most readers expect", lines.index_of(error.start))
    if data.startswith(codecs.BOM_UTF8):
        reader.note("warning", "byte-order-mark", "some readers of INI stop at a byte order mark: save without", 0)
    reader.read(Deadline(seconds))
    return in_order(reader.found)


class _Reader:
    """``section`` is None before the first; ``free`` where values may go on in lines that look like anything."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.found: list[Diagnostic] = []
        self.free = any(mark in lines.text for mark in _OVER_SEVERAL_LINES)
        self.sections: set[str] = set()
        self.keys: set[str] = set()
        self.section: str | None = None
        self._counts: dict[tuple[Severity, str], int] = {}

    def read(self, deadline: Deadline) -> None:
        """Line by line. A line goes on where one ends with a backslash, or where the next is indented."""
        goes_on = False
        for number, start in enumerate(self.lines.starts):
            if number % _LINES_BETWEEN_LOOKS == 0:
                deadline.look()
            line = self.lines.line(number)
            said = line.strip()
            continued, goes_on = goes_on, said.endswith("\\")
            indented = line[:1] in {" ", "\t"} and (self.section is not None or said[:1] == "[")
            if not said or said[0] in "#;" or continued or indented:
                continue
            if said[0] == "[":
                self.header(said, start)
            else:
                self.entry(said, start)

    def header(self, said: str, start: int) -> None:
        """A line that begins with ``[``."""
        header = _HEADER.match(said)
        if header is None:
            message = "the section is not closed: a ] is missing"
            self.note("warning" if self.free else "error", "syntax", message, start, start + len(said))
            return
        self.section = name = header["name"]
        self.keys = set()
        if name in self.sections:
            message = "this section stands twice: some readers stop here"
            self.note("warning", "duplicate-section", message, start, start + len(said))
        self.sections.add(name)

    def entry(self, said: str, start: int) -> None:
        """Any other line."""
        if self.section is None:
            self.section = ""
            message = "before the first [section]: some readers stop here"
            self.note("warning", "no-section", message, start, start + len(said))
        entry = _ENTRY.match(said)
        if entry is None:
            self.note("warning", "no-value", "a line without '=': some readers stop here", start, start + len(said))
        elif entry["key"] in self.keys and not entry["key"].endswith("[]"):  # PHP's arrays
            message = "this key stands twice: readers keep the last one, all, or stop"
            self.note("warning", "duplicate-key", message, start, start + len(entry["key"]))
        else:
            self.keys.add(entry["key"])

    def note(self, severity: Severity, code: str, message: str, start: int, end: int | None = None) -> None:
        """So many of a kind, no more."""
        count = self._counts[severity, code] = self._counts.get((severity, code), 0) + 1
        if count <= _MOST_NOTES:
            self.found.append(self.lines.say(severity, code, message, start, end))
