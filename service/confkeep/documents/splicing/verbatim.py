"""What is written somewhere already, taken over with its formatting: its lines moved to another column."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from confkeep.documents.node import Alias, Mapping, Scalar, walk
from confkeep.documents.splicing.comments import Syntax
from confkeep.documents.splicing.extent import (
    Entries,
    content_end,
    content_start,
    has_properties,
    header_of,
    is_block,
    is_block_scalar,
    keeps_breaks,
    last_leaf,
)
from confkeep.documents.splicing.lines import column, is_first, line_end, line_start, margin, opens_document
from confkeep.documents.splicing.style import Habits
from confkeep.documents.yaml.emit import Written, tag_of

if TYPE_CHECKING:
    from confkeep.documents.changes import Source
    from confkeep.documents.node import Collection, Node
    from confkeep.documents.splicing.json_text import Lines
    from confkeep.documents.splicing.style import Style
    from confkeep.documents.yaml.emit import Emitter, Place

_BREAK: Final = re.compile(r"\r?\n")
_DASH: Final = re.compile(r"-[ \t]+\Z")
_COMMENT_BEHIND: Final = re.compile(r"[ \t]+#[^\r\n]*")
#: Where directives are looked for: real files have them in front of everything.
_TOP: Final = 2000
_TAG_DIRECTIVE: Final = re.compile(r"^%TAG", re.MULTILINE)


def verbatim(source: Source, syntax: Syntax, emitter: Emitter, place: Place) -> Written | None:
    """``source`` for ``place``, without its own anchor; None where it has to be written anew to mean the same."""
    node, text = source.node, source.text
    leaf = last_leaf(node)
    if is_block_scalar(leaf) and (not emitter.style.literal or keeps_breaks(leaf, text) or _is_cut_off(leaf, text)):
        return None
    if isinstance(node, Alias) or not _is_self_contained(source) or (place.commented and _is_open(node, text)):
        return None
    place = place.tagged(tag_of(node))
    if isinstance(node, Scalar) and is_block_scalar(node):
        written = _block_scalar(node, text, max(place.parent, 0) + emitter.style.unit)
    elif isinstance(node, Scalar) or node.flow:
        written = _inline(node, text, max(place.parent, 0))
    else:
        return _block(node, text, syntax, place, emitter.column_at(node, place))
    return written and Written(f"{place.properties} {written.first}".strip(), written.rest)


def is_restyled(source: Source, style: Style) -> bool:
    """Whether a block collection of another text is indented as nothing is here, and has nothing to be lost by it."""
    node, text = source.node, source.text
    if not is_block(node) or "#" in text[node.start : node.end]:
        return False
    seen = Habits(text, [node]).seen(node, style)
    if (seen.unit, seen.indented, seen.dash) == (style.unit, style.indented, style.dash):
        return False
    return not any(_is_laid_out(one, text) for one in walk(node))


def _is_laid_out(node: Node, text: str) -> bool:
    """Whether ``node`` is folded by hand, which is not written anew: brackets over several lines, and ``>``."""
    if isinstance(node, Scalar):
        return node.style == ">"
    return not isinstance(node, Alias) and node.flow and "\n" in text[node.start : node.end]


def _block(node: Collection, text: str, syntax: Syntax, place: Place, to: int) -> Written | None:
    """Its lines, comments below the last one included, moved to the column ``to``."""
    begin = Entries(text, node, syntax).start(0)
    here = column(text, begin)
    # A comment in the column of a mapping's keys is inside of it; in that of dashes it may be one of the key below.
    end = syntax.tail(text, content_end(node, text), here - 1 if isinstance(node, Mapping) and here else here)
    lines = _moved(text[begin:end], to - here, to)
    return place.block(to, [" " * to + lines[0], *lines[1:]]) if lines else None


def _inline(node: Scalar | Collection, text: str, indent: int) -> Written | None:
    """What stands between its brackets or quotes, which a string of several lines does not survive."""
    start = content_start(node, text)
    raw = text[start : node.end]
    if not raw or (isinstance(node, Scalar) and "\n" in raw):
        return None
    lines = _with_margin(raw, margin(text, start), " " * indent)
    return Written(lines[0], lines[1:]) if lines else None


def _is_open(node: Node, text: str) -> bool:
    """Whether a string of several lines begins on the first line, so that no comment can be at its end."""
    end = line_end(text, node.start)
    inside = takewhile(lambda one: one.start <= end, walk(node))
    return any(isinstance(one, Scalar) and one.end > end and not is_block_scalar(one) for one in inside)


def _is_cut_off(leaf: Node, text: str) -> bool:
    """Whether a block scalar ends with the text, without the line break that it would have elsewhere."""
    return leaf.end == len(text) and not text.endswith("\n")


def _is_self_contained(source: Source) -> bool:
    """Whether it means the same elsewhere: no alias, no anchor inside, no handle that a directive declares."""
    if _TAG_DIRECTIVE.search(source.text, 0, _TOP):
        return False
    inside = walk(source.node)
    return not any(isinstance(one, Alias) or (one.anchor and one is not source.node) for one in inside)


def _with_margin(text: str, old: str, new: str) -> list[str] | None:
    """The lines of ``text``, all but the first with another margin."""
    first, *others = _BREAK.split(text)
    if any(line.strip() and not line.startswith(old) for line in others):
        return None
    return [first, *(new + line[len(old) :] if line.strip() else "" for line in others)]


def _moved(text: str, by: int, column: int) -> list[str] | None:
    """The lines of ``text``, all but the first moved by so many columns, comments no further than ``column``.

    None where something else stands further left, as a string of several lines may.
    """
    first, *others = _BREAK.split(text)
    lines = [first]
    for line in others:
        content = line.lstrip(" ")
        indent = len(line) - len(content) + by
        if indent >= column or not content.strip():
            lines.append(" " * indent + content)
        elif content.startswith("#"):
            lines.append(" " * column + content)
        else:
            return None
    return lines


def _block_scalar(node: Scalar, text: str, indent: int) -> Written | None:
    start, behind = header_of(node, text)
    header = text[start:behind]
    if any(character.isdigit() for character in header):
        return None
    lines = _BREAK.split(text[line_end(text, behind) : content_end(node, text)])[1:]
    here = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
    return Written(header, [" " * indent + line[here:] if len(line) > here else "" for line in lines])


def comments_above(text: str, at: int, syntax: Syntax) -> list[str]:
    """The comment lines directly above the block entry that begins at ``at``, without their indentation.

    Those that begin a document stay there.
    """
    if not is_first(text, at):
        return []
    lead = syntax.lead(text, at, 0)
    above = "" if opens_document(text, lead) else text[lead : line_start(text, at)]
    return [line.strip() for line in above.splitlines()]


def comment_behind(source: Source) -> str:
    """The comment behind a value that is written on one line, with the space in front of it."""
    node = source.node
    if is_block(node) or is_block_scalar(last_leaf(node)):
        return ""
    match = _COMMENT_BEHIND.match(source.text, node.end)
    return match[0] if match else ""


def dash_of(source: Source) -> int | None:
    """Where the dash of an item of a block sequence is, if it is on the same line."""
    start = line_start(source.text, source.node.start)
    match = _DASH.search(source.text[start : source.node.start])
    return start + match.start() if match else None


def verbatim_flow(source: Source, syntax: Syntax, lines: Lines | None) -> str | None:
    """``source`` for a place in brackets; None where it has to be written anew to mean the same.

    ``lines`` are given where entries have lines of their own, so that it may have some itself.
    """
    node, text = source.node, source.text
    if isinstance(node, Alias) or is_block(node) or is_block_scalar(node) or has_properties(node):
        return None
    raw = text[node.start : node.end]
    if isinstance(node, Scalar):
        is_open = syntax is Syntax.YAML and node.style == ""  # what ends it differs in brackets
        return None if is_open or "\n" in raw or not raw else raw
    if raw[0] not in "[{" or not _is_self_contained(source):
        return None
    if "\n" not in raw:
        return raw
    moved = _with_margin(raw, margin(text, node.start), lines.margin) if lines else None
    return lines.newline.join(moved) if lines and moved else None
