"""Changes of a compose file's text at the places of its nodes: all other characters stay as they are."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from confkeep.layout.compose_nodes import Mapping, Scalar, Span

if TYPE_CHECKING:
    from confkeep.layout.compose_nodes import Item, Text

_COLON_OR_BRACE: Final = re.compile(r"\$\$|\$\{|[}:]")
_DASH: Final = re.compile(r"[ \t]*-[ \t]+")
_COMMENT: Final = re.compile(r"[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|$)")


class NoEdit(Exception):
    """The text cannot be changed mechanically here."""


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """What stands from ``start`` to ``end`` becomes ``new``."""

    start: int
    end: int
    new: str


def apply(characters: str, edits: list[Edit]) -> str:
    """The text with all edits. Raises NoEdit where two of them touch the same characters."""
    parts: list[str] = []
    at = 0
    for edit in sorted(edits):
        if edit.start < at:
            raise NoEdit
        parts += (characters[at : edit.start], edit.new)
        at = edit.end
    return "".join((*parts, characters[at:]))


def respell(text: Text, scalar: object, new: str) -> Edit:
    """Another value in the notation of the old one. Raises NoEdit."""
    inner = text.inner(scalar) if isinstance(scalar, Scalar) else None
    if inner is None or re.search(r"[\\\"'\r\n]", new):
        raise NoEdit
    return Edit(inner.start, inner.end, new)


def parts(spec: str) -> list[str]:
    """The parts of the short notation as they are written: a colon within ``${…}`` separates nothing."""
    found, depth, start = list[str](), 0, 0
    for mark in _COLON_OR_BRACE.finditer(spec):
        depth += {"${": 1, "}": -1 if depth else 0}.get(mark[0], 0)
        if mark[0] == ":" and not depth:
            found.append(spec[start : mark.start()])
            start = mark.end()
    return [*found, spec[start:]]


def to_directories(text: Text, item: Item) -> list[Edit]:
    """Source and target become the directories they lie in. Raises NoEdit."""
    node = item.node
    if isinstance(node, Mapping):
        return [_to_directory(text, node.fields.get("source")), _to_directory(text, node.fields.get("target"))]
    if not isinstance(node, Scalar):
        raise NoEdit
    source, target, *mode = parts(node.text)
    return [respell(text, node, ":".join((_directory(source), _directory(target), *mode)))]


def _to_directory(text: Text, scalar: object) -> Edit:
    if not isinstance(scalar, Scalar):
        raise NoEdit
    return respell(text, scalar, _directory(scalar.text))


def _directory(path: str) -> str:
    directory, name = posixpath.split(path)
    if "$" in name or "}" in name:
        raise NoEdit
    return directory or "."


def remove(text: Text, item: Item) -> Edit:
    """The entry of a list goes, with its own lines or, in a flow, with the comma before it. Raises NoEdit."""
    characters, span = text.characters, item.span
    if item.before is not None:
        if characters[item.before : span.start].strip() != ",":
            raise NoEdit
        return Edit(item.before, span.end, "")
    start = text.line_start(span.start)
    rest = _COMMENT.match(characters, span.end)
    if rest is None or _DASH.fullmatch(characters, start, span.start) is None:
        raise NoEdit
    return Edit(start, rest.end(), "")


def add_field(text: Text, mapping: Mapping, field: str) -> Edit:
    """One more field at the end of a mapping. Raises NoEdit."""
    characters = text.characters
    if mapping.flow:
        end = _last(characters, mapping.span.end - 1)
        return Edit(end, end, {"{": " ", ",": " ", ":": " , "}.get(characters[end - 1], ", ") + field)
    if mapping.first_key is None:
        raise NoEdit
    end = _last(characters, mapping.span.end)
    end += len(characters[end : characters.find("\n", end) if "\n" in characters[end:] else None].rstrip("\r"))
    indent = " " * (mapping.first_key.start - text.line_start(mapping.first_key.start))
    return Edit(end, end, f"{text.line_end}{indent}{field}")


def _last(characters: str, end: int) -> int:
    """Behind the last visible character before ``end``."""
    while end and characters[end - 1].isspace():
        end -= 1
    return end


def at_span(span: Span, new: str) -> Edit:
    """Other characters for all of a node."""
    return Edit(span.start, span.end, new)
