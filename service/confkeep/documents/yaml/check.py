"""The check of YAML by libyaml, through PyYAML: no object is ever built from a user's document.

The plain check is libyaml's own pass, 80 MB/s, and what aliases stand for. The complete one (``strict``) looks at each
event, about 1.3 times a bare pass over them, and finds what readers disagree about too; ruamel's round-trip load is 40
times slower.
"""

from __future__ import annotations

import codecs
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import yaml

from confkeep.documents.deadline import Deadline
from confkeep.documents.diagnostic import in_order
from confkeep.documents.dialect import Dialect
from confkeep.documents.lines import Lines
from confkeep.documents.yaml import aliases, resume
from confkeep.documents.yaml.notes import Notes
from confkeep.documents.yaml.parser import MAX_DIRECTIVES, Parser
from confkeep.documents.yaml.walk import walk

if TYPE_CHECKING:
    from confkeep.documents.diagnostic import Diagnostic

_DIRECTIVES: Final = tuple("%TAG".encode(codec) for codec in ("utf-8", "utf-16-le", "utf-16-be"))
_LARGEST_PLAIN: Final = 1 << 20
_MOST_NESTED_BYTES: Final = 20_000_000
_UTF_16: Final = {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}


def check(data: bytes, *, strict: bool, seconds: float, dialect: Dialect = Dialect.GENERIC) -> list[Diagnostic]:
    """What is wrong with ``data``, in the order of the text. Raises TimeoutError.

    Always what no reader gets over: errors of syntax and encoding, undefined aliases, and what would not end in
    reasonable time (nesting, expansion of aliases). When ``strict``, also duplicate keys, unknown tags, several
    documents and ambiguous scalars, as ``dialect`` sees them. After a syntax error, reading goes on at the next
    outermost entry.
    """
    lines = Lines(data)
    deadline = Deadline(seconds)
    if any(data.count(directive) > MAX_DIRECTIVES for directive in _DIRECTIVES):
        return [lines.error("too-many-directives", f"more than {MAX_DIRECTIVES} %TAG directives", 0)]
    found: list[Diagnostic] = []
    try:
        if strict:
            _complete(data, lines, dialect, deadline, found)
        elif _is_plain(data):
            yaml.CSafeLoader(data).raw_parse()  # the whole document, and no object of any event
        else:
            aliases.look(Parser(data), lines, deadline, found)
    except yaml.MarkedYAMLError as error:
        first = resume.of_marked(error, lines)
        found += [first, *resume.further(lines, resume.place_of(error), deadline)]
    except yaml.reader.ReaderError as error:
        found.append(_unreadable(error, lines))
    except UnicodeDecodeError as error:
        found.append(lines.undecodable(error))
    return in_order(found)


def _is_plain(data: bytes) -> bool:
    """Whether libyaml alone can tell: nothing that may be an alias, and no nesting that could take it over 50 ms.

    It cannot be interrupted, and its time grows with size times nesting (1 MB in 1,000 brackets: 2.3 s).
    """
    if not yaml.__with_libyaml__ or len(data) > _LARGEST_PLAIN or data[:2] in _UTF_16:
        return False
    nesting = data.count(b"[") + data.count(b"{")
    return nesting * len(data) < _MOST_NESTED_BYTES and not aliases.may_have(data)


def _complete(data: bytes, lines: Lines, dialect: Dialect, deadline: Deadline, found: list[Diagnostic]) -> None:
    """Add to ``found`` even where the parser raises: what stands before an error is still said."""
    notes = Notes(lines, dialect)
    try:
        if not walk(Parser(data), notes, deadline, exact=False):
            notes = Notes(lines, dialect)
            walk(Parser(data), notes, deadline, exact=True)
    finally:
        found += notes.found
        if notes.has_aliases:
            _aliases(data, lines, deadline, found)


def _aliases(data: bytes, lines: Lines, deadline: Deadline, found: list[Diagnostic]) -> None:
    """A second look, for the few documents that have any. What the parser has to say was said by the first."""
    known = {diagnostic.code for diagnostic in found}
    also: list[Diagnostic] = []
    with suppress(yaml.YAMLError, UnicodeDecodeError):
        aliases.look(Parser(data), lines, deadline, also)
    found += [diagnostic for diagnostic in also if diagnostic.code not in known]


def _unreadable(error: yaml.reader.ReaderError, lines: Lines) -> Diagnostic:
    """Libyaml's reader: bytes of another encoding, or a character that YAML does not have."""
    at = lines.index_of(error.position)
    if "control characters" in error.reason:
        return lines.error("encoding", "a control character, which YAML does not allow: remove it", at)
    return lines.error("encoding", f"{error.reason}: save the file as UTF-8", at)
